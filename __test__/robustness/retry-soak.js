// Torrents with `retry` at ten trackers of which some die, lie, restart and move: none is lost. After each return of a tracker
// each of its torrents has to be announced within the interval and 30 s. The form among the tests has the waits between
// announces so many times shorter (`speed`); `npm run soak` takes ten minutes of real time.
'use strict'

const dgram = require('node:dgram')
const { once } = require('node:events')
const { randomBytes } = require('node:crypto')

const { options } = require('./arguments.js')
const wire = require('../support/wire.js')

const DEFAULTS = { torrents: 2000, seconds: 600, interval: 60, speed: 1 }
// What a torrent may be late behind its interval, in seconds.
const LATE = 30

const genuine = globalThis.setTimeout
const sleep = (seconds) => new Promise((resolve) => genuine(resolve, seconds * 1000))

// What a tracker does instead of its duty, or `null` for it: by the share of the run that is over.
const LIVES = {
  steady: () => null,
  'dies and comes back': (at) => (at > 0.1 && at < 0.35 ? 'dead' : null),
  'dies twice': (at) => ((at > 0.05 && at < 0.15) || (at > 0.3 && at < 0.5) ? 'dead' : null),
  'is dead at first': (at) => (at < 0.3 ? 'dead' : null),
  'restarts and ignores old IDs': (at) => (at > 0.2 && at < 0.21 ? 'restart' : null),
  'restarts and refuses old IDs': (at) => (at > 0.4 && at < 0.41 ? 'restart' : null),
  'knows no torrent for a time': (at) => (at > 0.1 && at < 0.3 ? 'unregistered' : null),
  'says nothing in its answers': (at) => (at > 0.1 && at < 0.3 ? 'empty' : null),
  'answers with wrong IDs': (at) => (at > 0.15 && at < 0.4 ? 'forged' : null),
  moves: (at) => (at > 0.3 && at < 0.4 ? 'dead' : null)
}

class Tracker {
  constructor(name, life, interval) {
    Object.assign(this, { name, life, interval, mode: null, ids: new Set(), port: 0 })
    this.address = '127.0.0.1'
    // When each torrent was last answered, and when this last came back.
    this.announced = new Map()
    this.back = performance.now()
    this.late = 0
    this.refusesOldIds = name.includes('refuses')
  }

  async open() {
    this.socket = dgram.createSocket('udp4')
    this.socket.on('message', (raw, from) => this.answer(wire.parseRequest(raw), from))
    this.socket.on('error', () => {})
    this.socket.bind(this.port, this.address)
    await once(this.socket, 'listening')
    this.port = this.socket.address().port
  }

  async live(at) {
    const mode = this.life(at)
    if (mode === this.mode) return
    if (mode === 'dead') this.socket.close()
    if (mode === 'restart') this.ids.clear()
    if (mode === null) {
      if (this.name === 'moves' && process.platform === 'linux') this.address = '127.0.0.2'
      if (this.mode === 'dead') await this.open()
      this.back = performance.now()
    }
    this.mode = mode
  }

  answer(request, { port, address }) {
    const send = (bytes) => this.socket.send(bytes, port, address, () => {})
    if (this.mode === 'forged') request = wire.wrongId(request)
    if (request.kind === 'connect') {
      const id = randomBytes(8)
      this.ids.add(id.toString('hex'))
      return send(wire.connectResponse(request, id))
    }
    if (!this.ids.has(request.connectionId.toString('hex'))) {
      return this.refusesOldIds && send(wire.errorResponse(request, 'Connection ID mismatch'))
    }
    if (this.mode === 'unregistered')
      return send(wire.errorResponse(request, 'unregistered torrent'))
    if (this.mode === 'empty') return send(wire.uint32(1, request.transactionId))
    send(wire.announceResponse(request, { interval: this.interval }))
    if (this.mode === null) this.note(request.infoHash.toString('hex'))
  }

  note(infoHash) {
    const now = performance.now()
    const since = Math.max(this.back, this.announced.get(infoHash) ?? 0)
    this.late = Math.max(this.late, now - since)
    this.announced.set(infoHash, now)
  }

  /** The torrents that have not been announced since it came back. */
  missing(infoHashes) {
    return infoHashes.filter((infoHash) => !(this.announced.get(infoHash) > this.back))
  }
}

// A torrent of each tracker in turn; resolves to the trackers with their torrents, and what is to be destroyed.
async function start({ torrents, interval, speed }) {
  globalThis.setTimeout = (callback, wait, ...rest) => {
    return genuine(callback, callback.name === 'announceAgain' ? wait / speed : wait, ...rest)
  }
  const UdpTracker = require('../..')
  const trackers = Object.entries(LIVES).map(([name, life]) => new Tracker(name, life, interval))
  for (const tracker of trackers) await tracker.open()
  for (const tracker of trackers) await tracker.live(0)
  const lookup = (host) => [trackers[Number(host.split('.')[0])].address]
  const transport = { lookup }
  const infoHashes = trackers.map(() => [])
  const clients = Array.from({ length: torrents }, (_, index) => {
    const which = index % trackers.length
    const infoHash = index.toString(16).padStart(40, '0')
    infoHashes[which].push(infoHash)
    const url = `udp://${which}.tracker.test:${trackers[which].port}`
    const options = { port: 6881, retry: true, events: 'once', transport, timeout: 60_000 / speed }
    const client = new UdpTracker('-XX0100-abcdefghijkl', infoHash, url, options)
    client.on('error', () => {})
    client.announce('started', { left: 1 })
    return client
  })
  return { trackers, infoHashes, clients }
}

async function run(chosen) {
  const all = { ...DEFAULTS, ...chosen }
  const { trackers, infoHashes, clients } = await start(all)
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  const lost = () => trackers.flatMap((tracker, which) => tracker.missing(infoHashes[which]))
  while (seconds() < all.seconds) {
    await sleep(0.05)
    for (const tracker of trackers) await tracker.live(seconds() / all.seconds)
  }
  // The last to return did so long ago: what has not been announced since is lost.
  const missing = lost()
  for (const client of clients) client.destroy()
  for (const { socket } of trackers) socket.close()
  globalThis.setTimeout = genuine
  const late = trackers.map(({ name, late }) => [name, late / 1000])
  return { lost: missing, late, announced: trackers.map(({ announced }) => announced.size) }
}

async function main() {
  const chosen = { ...DEFAULTS, ...options(DEFAULTS) }
  const { lost, late } = await run(chosen)
  for (const [name, seconds] of late) console.log(`${seconds.toFixed(1).padStart(6)} s  ${name}`)
  const most = chosen.interval / chosen.speed + LATE
  const tooLate = late.filter(([, seconds]) => seconds > most)
  console.log(`the longest without an announce, of ${chosen.torrents} torrents; at most ${most} s`)
  if (lost.length > 0) console.error(`lost: ${lost.length} torrents`)
  process.exitCode = lost.length === 0 && tooLate.length === 0 ? 0 : 1
}

if (require.main === module) main()

module.exports = { run }
