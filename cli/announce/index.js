// `announce`: one announce of each torrent at each tracker, and what they answer.
'use strict'

const { randomInt } = require('node:crypto')
const { setMaxListeners } = require('node:events')
const UdpTracker = require('../../index.js')
const { linesOf, readJobs, recordOf } = require('../input/jobs.js')
const { DEFAULT_PORT, readPeerId } = require('../input/peer.js')
const options = require('../options.js')
const { reasonOf } = require('../output/failures.js')
const { jsonLine } = require('../output/formats.js')
const { redacted } = require('../output/names.js')
const { Progress } = require('../output/progress.js')
const Waiting = require('../output/waiting.js')
const UsageError = require('../usage-error.js')
const Goodbye = require('./goodbye.js')
const AnnouncePrinter = require('./printer.js')
const { FAILED, WORKED, WRONG_USE } = require('../exit-codes.js')

const EVENTS = ['none', 'started', 'completed', 'stopped', 'paused']
const FAMILIES = ['4', '6', 'both']
// How many announces are under way at once.
const AT_ONCE = 1000

const DESCRIPTION = {
  name: 'announce',
  usage: ['[URL...] HASH... [options]'],
  about: [
    'Announces once as a peer and prints what trackers answer: interval, seeds,',
    'peers. Then it says "stopped", so that no peers are sent to this machine.'
  ],
  things: [options.URL_OF_HASH, options.HASH],
  lines: [
    options.LISTS,
    ['--event WORD', `${EVENTS.join(', ')} (none)`],
    ['--stay', 'do not say "stopped"; the peer counts for an interval'],
    ['--port PORT', `that this peer listens on (${DEFAULT_PORT})`],
    ['--left BYTES', 'still to download (1; with --event completed 0)'],
    ['--downloaded BYTES, --uploaded BYTES', 'so far (0)'],
    ['--num-want N', 'how many peers (50); -1: as the tracker likes'],
    ['--peer-id ID', '20 bytes or 40 digits of hex (a new one)'],
    ['--key N, --ip ADDRESS', 'who this is when its address changes (0); an IPv4 one'],
    ['--username NAME, --password WORD', 'for trackers with authentication'],
    ['-4, -6, --family 4|6|both', 'IPv4 or IPv6 only, or once over each'],
    options.WAY_OUT,
    options.timeoutLine('give up after this long, look-up included (15)'),
    options.FORMAT,
    options.REDACT
  ],
  words: { format: options.FORMATS, event: EVENTS },
  examples: [
    'bittorrent-udp-tracker announce debian.torrent',
    'bittorrent-udp-tracker announce tracker.example.org:6969 95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788 --json',
    'bittorrent-udp-tracker announce tracker.example.org:6969 debian.torrent --event started --port 51413 --stay'
  ]
}

function credentials({ username, password }) {
  if (username === undefined && password === undefined) return undefined
  if (username === undefined) throw new UsageError('--password needs --username')
  if (password === undefined) throw new UsageError('--username needs --password')
  if (Buffer.byteLength(username) > 255) {
    throw new UsageError('--username must be at most 255 bytes long')
  }
  return { username, password }
}

function requestOf(values, env) {
  const event = options.oneOf(values, 'event', EVENTS) || 'none'
  const network = options.network(values, env, { families: FAMILIES })
  const key = options.integer(values, 'key', 0, 2 ** 32 - 1)
  return {
    peerId: readPeerId(values['peer-id']),
    event,
    port: options.integer(values, 'port', 0, 65535) ?? DEFAULT_PORT,
    left: options.counter(values, 'left') ?? (event === 'completed' ? 0n : 1n),
    downloaded: options.counter(values, 'downloaded') ?? 0n,
    uploaded: options.counter(values, 'uploaded') ?? 0n,
    numWant: options.integer(values, 'num-want', -1, 2 ** 31 - 1),
    // Over both families, it is by the key that a tracker knows the two as one, when they say "stopped" as well.
    key: key ?? (network.family === 'both' ? randomInt(2 ** 32) : undefined),
    ip: options.ipv4(values, 'ip'),
    auth: credentials(values),
    ...network
  }
}

/** Announces: `[{family, answer, error}]`, two of them over both families; `error` is a TrackerError, or `null`. */
async function announce(url, request) {
  const { family } = request
  const outcomeOf = (family, value) =>
    value instanceof UdpTracker.TrackerError
      ? { family, answer: null, error: value }
      : { family, answer: value, error: null }
  let found
  try {
    found = await UdpTracker.announce(url, request)
  } catch (error) {
    if (!(error instanceof UdpTracker.TrackerError)) throw error
    found = family === 'both' ? error.errors : error
  }
  if (family !== 'both') return [outcomeOf(family, found)]
  return [4, 6].map((one) => outcomeOf(one, found[one]))
}

/** An announce of one torrent at one tracker, and the "stopped" that may follow. */
class Visit {
  constructor(tracker, infoHash, request, isToStop) {
    this.url = tracker.url
    this.request = { ...request, infoHash }
    this.isBoth = request.family === 'both'
    this.isToStop = isToStop
    this.goodbye = new Goodbye(this.url, this.request)
  }

  get about() {
    return { url: this.url, infoHash: this.request.infoHash, peerId: this.request.peerId }
  }

  async announce() {
    this.outcomes = await announce(this.url, this.request)
    return this.outcomes
  }

  /** Why it failed, in words; `null` if an answer came in. */
  get failure() {
    if (this.outcomes.some(({ error }) => error === null)) return null
    const { timeout } = this.request
    const reasons = this.outcomes.map(({ family, error }) => {
      return `${this.isBoth ? `IPv${family}: ` : ''}${reasonOf(error, { timeout, family })}`
    })
    return reasons.join('; ')
  }

  /** Says "stopped" where an announce was answered, or may have been taken although its answer is not here. */
  async leave(note) {
    if (!this.isToStop) return
    const silent = this.outcomes.filter(({ error }) => error?.code === 'TIMEOUT')
    const answered = this.outcomes.filter(({ error }) => error === null)
    const sent = this.goodbye.send(silent.map(({ family }) => family))
    const take = async ({ family }) => {
      try {
        await this.goodbye.say(family)
      } catch (error) {
        if (!(error instanceof UdpTracker.TrackerError)) throw error
        const which = this.isBoth ? ` over IPv${family}` : ''
        note(
          `the tracker did not take "stopped"${which}: ${reasonOf(error)}; it counts this peer until its interval is over`
        )
      }
    }
    await Promise.all([sent, ...answered.map(take)])
  }

  async interrupt() {
    if (this.isToStop) await this.goodbye.send(this.isBoth ? [4, 6] : [this.request.family])
  }
}

async function run({ values, positionals, env, stdout, stderr, fail, note, onInterrupt }) {
  const request = requestOf(values, env)
  const format = options.format(values)
  const nameOf = options.isRedacted(values) ? redacted : (url) => url
  const { jobs, invalid } = await readJobs({ values, positionals, note }, 'announce')
  const abort = new AbortController()
  setMaxListeners(0, abort.signal)
  const isToStop = !values.stay && request.event !== 'stopped'
  const visits = jobs.flatMap(({ tracker, list }) => {
    return Array.from({ length: list.length }, (_, i) => {
      return new Visit(tracker, list.hexAt(i), { ...request, signal: abort.signal }, isToStop)
    })
  })

  if (format === 'json') await stdout.lines(invalid.map((one) => jsonLine(recordOf(one))))
  else for (const line of linesOf(invalid)) fail(line)
  const isBoth = request.family === 'both'
  const printer = new AnnouncePrinter({ stdout, format, nameOf, isBoth, timeout: request.timeout })
  const isOne = visits.length === 1
  const waiting = new Waiting({
    isWatched: stderr.canErase,
    isAddress: jobs[0].tracker.parts.family !== 0
  })
  const progress = new Progress(
    { stdout, stderr },
    isOne ? { what: () => String(waiting) } : { total: visits.length, unit: 'announces' }
  )
  const underWay = new Set()
  onInterrupt(async () => {
    progress.end()
    // Sent again behind "stopped", it would put the peer back.
    abort.abort()
    await Promise.all([...underWay].map((visit) => visit.interrupt()))
    await printer.end()
  })

  let failures = 0
  const queue = visits.values()
  const leaving = []
  const work = async () => {
    for (const visit of queue) {
      underWay.add(visit)
      const outcomes = await visit.announce()
      progress.done++
      const { failure } = visit
      if (failure !== null) failures++
      if (failure === null || format !== 'table') await printer.add(visit.about, outcomes)
      else fail(`${nameOf(visit.url)}: ${failure}`)
      leaving.push(visit.leave(note).then(() => underWay.delete(visit)))
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, visits.length) }, work))
  } catch (error) {
    if (!abort.signal.aborted) throw error
    return new Promise(() => {}) // whoever interrupted ends the process
  } finally {
    progress.end()
  }
  await printer.end()
  await Promise.all(leaving)
  if (invalid.length > 0) return WRONG_USE
  return isGood(visits, failures) ? WORKED : FAILED
}

// Whether each torrent was taken by one of its trackers at least.
function isGood(visits, failures) {
  if (failures === 0) return true
  const taken = new Set()
  for (const visit of visits) if (visit.failure === null) taken.add(visit.request.infoHash)
  return visits.every((visit) => taken.has(visit.request.infoHash))
}

module.exports = { ...DESCRIPTION, run }
