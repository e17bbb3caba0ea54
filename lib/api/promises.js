// The promise-based API: one announce, one scrape or one connect without a tracker object.
'use strict'

const { checkSignal, reasonOf, whenAborted } = require('../options/abort.js')
const check = require('../options/arguments.js')
const engine = require('../engine/engine.js')
const Limit = require('./limit.js')
const { Scrape, hashesOf } = require('./scrape.js')
const ScrapeStream = require('./scrape-stream.js')
const TrackerError = require('./tracker-error.js')

/** A call that ends once: with a value, a failure, an aborted signal, or when it has made no progress for too long. */
class Call {
  constructor(url, { signal, timeout }, calledBy) {
    this.url = check.urlText(url)
    this.signal = signal
    this.timeout = timeout
    this.trace = {}
    Error.captureStackTrace(this.trace, calledBy)
    this.ended = false
    this.limit = null
    this.forgetSignal = null
    this.promise = new Promise((resolve, reject) => {
      this.settle = { resolve, reject }
    })
  }

  /**
   * `start()` starts it; `cancel()` ends what it started; `expire()` has it fail for lack of time, which alone tells where
   * it was; `results()` is what has come in, if there can be anything.
   */
  run({ start, cancel, expire, results }) {
    this.cancel = cancel
    this.results = results
    const { signal } = this
    if (signal !== undefined) {
      if (signal.aborted) throw reasonOf(signal)
      this.forgetSignal = whenAborted(signal, (reason) => this.giveUp(reason))
    }
    this.limit = new Limit(this.timeout, expire)
    try {
      start()
    } catch (error) {
      this.reject(error)
    }
    return this.promise
  }

  /** Restarts its timeout. */
  progress() {
    if (!this.ended) this.limit.restart()
  }

  resolve(value) {
    this.settle.resolve(value)
    this.end()
  }

  reject(error) {
    this.settle.reject(error)
    this.end()
  }

  fail(failure) {
    this.reject(this.errorOf(failure))
  }

  giveUp(error) {
    this.reject(error)
    this.cancel()
  }

  end() {
    if (this.ended) return
    this.ended = true
    if (this.limit !== null) this.limit.end()
    if (this.forgetSignal !== null) this.forgetSignal()
  }

  errorOf(failure) {
    const { url, timeout } = this
    const error = errorOf(failure, { url, timeout, results: this.results && this.results() })
    blameCaller(error, this.trace)
    return error
  }
}

/** The error of a failure; `timeout` is how long it was waited for, in milliseconds. */
function errorOf(failure, { url, timeout, results }) {
  const { message, code, address, phase, causeCode } = failure
  const text = code === 'TIMEOUT' ? `tracker is not responding after:${timeout}` : message
  const details = { url, address, phase, results }
  if (causeCode) details.cause = Object.assign(new Error(text), { code: causeCode })
  return new TrackerError(text, code, details)
}

// Where the answer was handled says nothing: the stack is that of the call.
function blameCaller(error, trace) {
  let stack
  try {
    ;({ stack } = trace)
  } catch {
    // An application's `Error.prepareStackTrace` may throw.
  }
  if (typeof stack !== 'string') return
  const frames = stack.indexOf('\n')
  const value = `${error.name}: ${error.message}${frames < 0 ? '' : stack.slice(frames)}`
  Object.defineProperty(error, 'stack', { value, writable: true, configurable: true })
}

const OF_BOTH = ['_timeout', 'family', 'signal', 'timeout', 'transport']
const OF_ANNOUNCE = new Set([
  ...OF_BOTH,
  ...['auth', 'downloaded', 'event', 'infoHash', 'ip', 'key', 'left', 'numWant', 'peerId', 'port'],
  ...['uploaded', 'urlData']
])
const OF_SCRAPE = new Set([...OF_BOTH, 'onProgress'])
const OF_PREFERENCES = new Set(['signal', 'timeout', 'transport'])
const OF_PING = new Set([...OF_BOTH, 'retransmit'])

function limitsOf({ signal, timeout, _timeout }) {
  if (signal !== undefined && signal !== null) checkSignal(signal)
  return {
    signal: signal === null ? undefined : signal,
    timeout: check.limit(timeout),
    resend: check.timeout(_timeout)
  }
}

// Reads everything of the application's, and throws for what cannot be sent.
function announceOf(url, opts) {
  const { event, port } = opts
  return {
    number: 0,
    context: null,
    kind: 'announce',
    url: check.urlText(url),
    peerId: check.copyOf(check.peerId(opts.peerId)),
    infoHash: check.copyOf(check.infoHash(opts.infoHash)),
    port: check.requiredPort(port),
    event: check.knownEvent(event),
    ...check.counters(opts)
  }
}

/**
 * Announces once: `{interval, leechers, seeds, peers}`; with `family: 'both'` over each, `{4, 6}` of those or of errors.
 * `calledBy` is the function that the application called.
 */
async function announce(url, opts, calledBy) {
  opts = check.optionsObject(opts, 'opts', OF_ANNOUNCE)
  const options = check.objectOptions(opts)
  return sendOver(options, announceOf(url, opts), limitsOf(opts), calledBy)
}

/**
 * Connects once: `{address, family, lookup, roundTrip}` in milliseconds, `lookup` being `null` if nothing was looked up;
 * with `family: 'both'` over each, as for `announce`.
 */
async function ping(url, opts, calledBy) {
  opts = check.optionsObject(opts, 'opts', OF_PING)
  const { family, transport, retransmit } = opts
  const options = check.objectOptions({ family, transport })
  const request = {
    ...withoutTorrent('connect', url),
    retransmit: check.flag(retransmit, 'opts.retransmit')
  }
  return sendOver(options, request, limitsOf(opts), calledBy)
}

/**
 * What the host of a tracker says in its own records (BEP 34): where it has trackers, as `['UDP:6969', 'TCP:80']`, what it
 * prefers first; none at all if there are none; `null` without such a record, and where names are not ours to look up.
 */
async function preferences(url, opts, calledBy) {
  opts = check.optionsObject(opts, 'opts', OF_PREFERENCES)
  const options = check.scrapeOptions(opts)
  return sendOver(options, withoutTorrent('preferences', url), limitsOf(opts), calledBy)
}

const withoutTorrent = (kind, url) => ({
  number: 0,
  context: null,
  kind,
  url: check.urlText(url),
  infoHash: null
})

// Sends a request with its options, or with those of each family if there are two.
async function sendOver(options, request, limits, calledBy) {
  if (!Array.isArray(options)) return send({ ...request, options }, limits, calledBy)
  const sent = options.map((options) => send({ ...request, options }, limits, calledBy))
  return oneOfBoth(await Promise.allSettled(sent))
}

function send(request, limits, calledBy) {
  const call = new Call(request.url, limits, calledBy)
  request.timeout = limits.resend
  request.onFailure = (failure) => call.fail(failure)
  request.onAnswer = (answer) => call.resolve(answer)
  return call.run({
    start: () => engine.start(request),
    cancel: () => engine.cancel(request),
    expire: () => engine.giveUp(request, limits.timeout)
  })
}

// Anything but a TrackerError (a signal's reason) is the error of both families.
function oneOfBoth(settled) {
  const other = settled.find(({ status, reason }) => {
    return status === 'rejected' && !(reason instanceof TrackerError)
  })
  if (other !== undefined) throw other.reason
  const [v4, v6] = settled.map(({ value, reason }) => value || reason)
  if (settled.some(({ status }) => status === 'fulfilled')) return { 4: v4, 6: v6 }
  const details = { url: v4.url, errors: { 4: v4, 6: v6 } }
  throw new TrackerError(`IPv4: ${v4.message}; IPv6: ${v6.message}`, v4.code, details)
}

/** Scrapes one info-hash or any number of them: `[{infoHash, seeds, completed, leechers}]` in the order asked. */
async function scrape(url, infoHashes, opts, calledBy) {
  opts = check.optionsObject(opts, 'opts', OF_SCRAPE)
  const onProgress = check.progressListener(opts)
  const options = check.scrapeOptions(opts)
  const limits = limitsOf(opts)
  const isOne = typeof infoHashes === 'string' || check.isBytes(infoHashes)
  const hashes = hashesOf(isOne ? [infoHashes] : infoHashes)
  const total = hashes.length / 20
  const call = new Call(url, limits, calledBy)

  const tell = (done) => {
    call.progress()
    if (onProgress === null) return
    try {
      onProgress({ done, total })
    } catch (error) {
      call.giveUp(error)
    }
  }
  const job = new Scrape(hashes, {
    onResult: (results) => call.resolve(results),
    onFailure: (failure) => call.fail(failure),
    onProgress: tell
  })
  return call.run({
    start: () => job.start(check.urlText(url), limits.resend, options),
    cancel: () => job.cancel(),
    expire: () => job.giveUp(limits.timeout),
    results: () => job.rows()
  })
}

/** Scrapes what any iterable or async iterable gives: an async iterator of rows, in the order asked. */
function scrapeStream(url, infoHashes, opts) {
  return new ScrapeStream(url, infoHashes, opts, errorOf).rows()
}

/**
 * Waits until every announce of the event `stopped` that is under way has ended, or time is up; resolves to how many
 * have not.
 */
async function drain(opts) {
  const { timeout } = check.optionsObject(opts, 'opts', check.TIMEOUT_ALONE)
  const time = check.limit(timeout)
  if (engine.countStopping() === 0) return 0
  await new Promise((resolve) => {
    const limit = new Limit(time, () => {
      forget()
      resolve()
    })
    const forget = engine.whenDrained(() => {
      limit.end()
      resolve()
    })
  })
  return engine.countStopping()
}

/** Which engine it is, and its counters, for monitoring. */
function stats() {
  const { kind, counters } = engine.stats()
  const stats = { engine: kind }
  for (const [name, value] of counters) {
    stats[name.replace(/_(.)/g, (_, letter) => letter.toUpperCase())] = value
  }
  return stats
}

module.exports = { announce, drain, ping, preferences, scrape, scrapeStream, stats }
