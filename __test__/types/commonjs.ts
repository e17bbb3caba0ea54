// Uses of the package from CommonJS that must compile, and misuses that must not. Nothing here is run.

import * as dns from 'node:dns'
import { EventEmitter, once } from 'node:events'
import { inherits } from 'node:util'
import UdpTracker = require('bittorrent-udp-tracker')

const PEER_ID = '-XX0100-abcdefghijkl'
const INFO_HASH = Buffer.alloc(20)
const URL = 'udp://tracker.example.org:6969/announce'

// The constructor.
const tracker = new UdpTracker(PEER_ID, INFO_HASH, URL, { port: 6881 })
new UdpTracker(new Uint8Array(20), INFO_HASH.toString('hex'), URL)
new UdpTracker(PEER_ID, INFO_HASH, URL, null)
new UdpTracker(PEER_ID, INFO_HASH, URL, {
  port: '6881',
  _timeout: 1000,
  numWant: -1,
  key: 0xdeadbeef,
  ip: '192.0.2.1',
  family: 6,
  auth: { username: 'ann', password: 'secret' },
  urlData: false
})
const options: UdpTracker.Options = { port: undefined, family: undefined }
new UdpTracker(PEER_ID, INFO_HASH, URL, options)
// @ts-expect-error an info-hash is not a number
new UdpTracker(PEER_ID, 20, URL)
// @ts-expect-error there are three arguments
new UdpTracker(PEER_ID, INFO_HASH)
// @ts-expect-error there is no family 5
new UdpTracker(PEER_ID, INFO_HASH, URL, { family: 5 })
// @ts-expect-error a password belongs to it
new UdpTracker(PEER_ID, INFO_HASH, URL, { auth: { username: 'ann' } })
// @ts-expect-error it is numWant
new UdpTracker(PEER_ID, INFO_HASH, URL, { numwant: 5 })

// Its methods.
tracker.announce('started')
tracker.announce(2, { downloaded: 0, left: 2n ** 63n, uploaded: 5, force: true })
const counters: UdpTracker.AnnounceOptions = { left: 5 }
tracker.announce('none', counters)
counters.left = 4
const lastEvent: UdpTracker.AnnounceEvent | undefined = counters.event
tracker.announce('paused', { left: null })
tracker.announce(4)
// @ts-expect-error only what is left may be unknown
tracker.announce(0, { uploaded: null })
// @ts-expect-error there is no such event
tracker.announce('begun')
// @ts-expect-error there is no such event
tracker.announce(5)
// @ts-expect-error a counter is no text
tracker.announce(0, { left: '5' })
tracker.scrape()
tracker.scrape([INFO_HASH, 'ab'.repeat(20)])
tracker.scrape(new Set([INFO_HASH]))
// @ts-expect-error one info-hash is not a list
tracker.scrape('ab'.repeat(20))
// @ts-expect-error one info-hash is not a list
tracker.scrape(INFO_HASH)
tracker.destroy()
tracker.destory()
const interval: number | null = tracker.interval
// @ts-expect-error the tracker says it, not the application
tracker.interval = 5

// Events.
tracker
  .on('update', ({ leechers, seeds, peers }) => {
    const counts: number[] = [leechers, seeds]
    const addresses: string[] = peers
    return [counts, addresses]
  })
  .once('error', (text) => text.toUpperCase())
  .addListener('scrape', (results) => {
    const [first]: UdpTracker.ScrapeResult[] = results
    return first === undefined ? 0 : first.completed + first.infoHash.length
  })
  .on('newListener', (event) => event.toString())
const listener = (update: UdpTracker.Update): void => console.log(update.seeds)
tracker.on('update', listener).off('update', listener).removeListener('update', listener)
tracker.prependListener('update', listener).prependOnceListener('update', listener)
const emitted: boolean = tracker.emit('error', 'text')
// @ts-expect-error the error is a string
tracker.on('error', (error: Error) => error.message)
// @ts-expect-error an update has no number of completed downloads
tracker.on('update', (update) => update.completed)
// @ts-expect-error there is no such event
tracker.on('updates', () => {})
// @ts-expect-error the error is a string
tracker.emit('error', new Error('text'))
// @ts-expect-error an update has all three
tracker.emit('update', { seeds: 1 })

async function next(): Promise<UdpTracker.Update> {
  const [update] = await once(tracker, 'update')
  return update
}

async function typedNext(signal: AbortSignal): Promise<number> {
  const [{ seeds }] = await UdpTracker.once(tracker, 'update', { signal })
  const [[row]] = await UdpTracker.once(tracker, 'scrape')
  const [uploaded, downloaded] = await UdpTracker.once(new Own(PEER_ID, INFO_HASH, URL), 'ratio')
  await UdpTracker.once(new EventEmitter(), 'anything')
  // @ts-expect-error there is no such event
  await UdpTracker.once(tracker, 'updates')
  // @ts-expect-error an update has no number of completed downloads
  const completed: number = (await UdpTracker.once(tracker, 'update'))[0].completed
  return seeds + completed + uploaded / downloaded + (row === undefined ? 0 : row.seeds)
}

// Inheritance.
const emitter: EventEmitter = tracker
class Counting extends UdpTracker {
  announces = 0

  announce(event: UdpTracker.AnnounceEvent, opts?: UdpTracker.AnnounceOptions | null): void {
    this.announces += 1
    super.announce(event, opts)
  }
}
const base: UdpTracker = new Counting(PEER_ID, INFO_HASH, URL)
Counting.stats()
class Own extends UdpTracker<
  UdpTracker.Events & { ratio: [uploaded: number, downloaded: number] }
> {
  report(): void {
    this.emit('ratio', 1, 2)
    this.emit('error', 'text')
    // @ts-expect-error there are two
    this.emit('ratio', 1)
  }
}
new Own(PEER_ID, INFO_HASH, URL).on('ratio', (uploaded, downloaded) => uploaded / downloaded)
interface Inherited extends UdpTracker {}
function Inherited(this: Inherited, url: string): void {
  UdpTracker.call(this, PEER_ID, INFO_HASH, url)
}
inherits(Inherited, UdpTracker)

// What code written for version 1 reads.
const buffers: Buffer[] = [tracker.infoHash, tracker.peerId, tracker.port]
tracker._announce_intervals_timeout.forEach((timer) => clearTimeout(timer))
tracker._udpTimmers.forEach((timer) => clearTimeout(timer))
const inFlight: boolean = tracker._socket !== null
const flags: boolean[] = [tracker.destoryed, tracker._in_interval]
const last: UdpTracker.AnnounceOptions | null = tracker._last_opts
const given: UdpTracker.Options = tracker.opts
const waits: number = tracker._timeout
tracker.announceUrl = URL
// What the constructor takes may be put there as well, and what is read is what is sent.
tracker.infoHash = INFO_HASH.toString('hex')
tracker.peerId = PEER_ID
tracker.port = 6881
tracker.port = new Uint8Array(2)
// @ts-expect-error a port is no text
tracker.port = '6881'
new UdpTracker.UdpTracker(PEER_ID, INFO_HASH, URL) satisfies UdpTracker

// The static functions, also detached.
const { announce, scrape, stats, TrackerError } = UdpTracker
async function statics(): Promise<void> {
  const signal = new AbortController().signal
  const answer = await announce(URL, {
    peerId: PEER_ID,
    infoHash: INFO_HASH,
    port: 6881,
    event: 'started',
    left: 5n,
    numWant: 10,
    signal,
    timeout: 5000
  })
  const seconds: number = answer.interval
  const peers: string[] = answer.peers
  const results: UdpTracker.ScrapeResult[] = await scrape(URL, [INFO_HASH], {
    family: 4,
    onProgress: ({ done, total }) => done / total
  })
  console.log(seconds, peers, results, await UdpTracker.scrape(URL, []))
  const transport: UdpTracker.Transport = {
    localAddress: ['127.0.0.1', '::1'],
    interface: 'lo',
    proxy: { host: 'localhost', port: 1080, dns: 'local' },
    lookup: async (host, { family, signal }) => (signal.aborted ? [] : [`${host}${family}`])
  }
  const lookups: UdpTracker.Lookup[] = [
    dns.lookup,
    dns.promises.lookup,
    (host, { all }, callback) => callback(null, all && [{ address: host, family: 4 }]),
    async (host) => ({ address: host })
  ]
  transport.lookup = lookups[0]
  const both = await announce(URL, {
    peerId: PEER_ID,
    infoHash: INFO_HASH,
    port: 6881,
    family: 'both',
    transport
  })
  if (!(both[4] instanceof TrackerError)) console.log(both[4].peers)
  // The ordinary kind of announce is what `Parameters` and `ReturnType` see.
  const [, request]: Parameters<typeof announce> = [URL, { peerId: '', infoHash: '', port: 1 }]
  const ordinary: UdpTracker.AnnounceResult = await (announce(URL, request) satisfies ReturnType<
    typeof announce
  >)
  const family = [0, 4, 6, 'both'] as const
  const either = await announce(URL, { ...request, family: family[results.length % 4] })
  console.log(ordinary.seeds, 'interval' in either ? either.interval : either[6])
  // @ts-expect-error it is the result of one family or of both
  console.log(either.interval)
  console.log((await scrape(URL, INFO_HASH))[0], await scrape(URL, INFO_HASH.toString('hex')))
  for await (const rows of scrape.stream(URL, new Set([INFO_HASH]), { signal, timeout: 1 })) {
    const [row]: UdpTracker.ScrapeResult[] = rows
    console.log(row)
  }
  async function* source(): AsyncGenerator<Uint8Array> {
    yield INFO_HASH
  }
  for await (const rows of UdpTracker.scrape.stream(URL, source())) console.log(rows.length)
  scrape.stream(URL, [], { onProgress: ({ done }) => console.log(done) })
  // @ts-expect-error a stream does not know how many there will be
  scrape.stream(URL, [], { onProgress: ({ total }) => console.log(total) })
  const kept = new UdpTracker(PEER_ID, INFO_HASH, URL, {
    family: 'both',
    retry: true,
    events: 'once',
    minInterval: 60,
    jitter: 0.1,
    keepAlive: true,
    timeout: 30_000,
    signal
  })
  kept.on('update', ({ family }) => family === 4)
  kept.announce('started', { numWant: 0, key: 5, ip: '192.0.2.1' })
  const told: [number, string | null, Date | null] = [
    kept.failures,
    kept.lastError,
    kept.nextAnnounce
  ]
  const isAnswered: boolean = await kept.stop({ timeout: 3000 })
  console.log(told, isAnswered, kept.destroyed)
  // @ts-expect-error they are said once or at each interval
  new UdpTracker(PEER_ID, INFO_HASH, URL, { events: 'twice' })
  // @ts-expect-error there is no such option
  await scrape(URL, [], { transport: { device: 'lo' } })
  // @ts-expect-error the torrent is missing
  await announce(URL, { peerId: PEER_ID, port: 6881 })
  // @ts-expect-error the port is missing
  await announce(URL, { peerId: PEER_ID, infoHash: INFO_HASH })
  const unanswered: number = await UdpTracker.drain({ timeout: 1000 })
  const pinged: UdpTracker.PingResult = await UdpTracker.ping('udp://h', { retransmit: true })
  const [lookup, roundTrip]: [number | null, number] = [pinged.lookup, pinged.roundTrip]
  const pingedBoth = await UdpTracker.ping('udp://h', { family: 'both', timeout: 5 })
  const other: UdpTracker.PingResult | UdpTracker.TrackerError = pingedBoth[6]
  void [lookup, roundTrip, other]
  console.log(unanswered)
  // @ts-expect-error the info-hashes are missing
  await scrape(URL)
}
const pending: number = stats().pending
// @ts-expect-error there is no such counter
stats().lost

function reason(error: unknown): string {
  if (!(error instanceof TrackerError)) return String(error)
  const code: UdpTracker.TrackerErrorCode = error.code
  // @ts-expect-error there is no such code
  if (code === 'REFUSED') return ''
  return `${code}: ${error.message}`
}

export = {
  lastEvent,
  interval,
  emitted,
  next,
  emitter,
  base,
  buffers,
  inFlight,
  flags,
  last,
  given,
  waits,
  statics,
  pending,
  reason
}
