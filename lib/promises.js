'use strict'

// The promise-based API: one announce or one scrape without a tracker object.

const check = require('./arguments.js')
const { Scrape, hashesOf } = require('./scrape.js')
const engine = require('./engine.js')
const { LONGEST_TIMER, clearTimeout, setTimeout } = require('./event-loop.js')
const TrackerError = require('./tracker-error.js')

// With the waits of `_timeout * 2^n`, a sixth of the whole is resent after a third of it.
const RESENDS = 6

/**
 * Runs `start(resolve, reject)`, which returns a function that cancels, under an AbortSignal and a limit of time.
 */
function limited({ signal, timeout }, start) {
  return new Promise((resolve, reject) => {
    if (signal !== undefined && typeof signal.addEventListener !== 'function') {
      throw new TypeError('opts.signal must be an AbortSignal')
    }
    if (signal !== undefined && signal.aborted) throw signal.reason

    const text = `tracker is not responding after:${timeout}`
    const timer = setTimeout(
      () => {
        cancel()
        end(reject, new TrackerError(text, 'TIMEOUT'))
      },
      Math.min(timeout, LONGEST_TIMER)
    )
    const onAbort = () => {
      cancel()
      end(reject, signal.reason)
    }
    const end = (settle, value) => {
      clearTimeout(timer)
      if (signal !== undefined) signal.removeEventListener('abort', onAbort)
      settle(value)
    }
    if (signal !== undefined) signal.addEventListener('abort', onAbort)
    const fail = ({ message, code }) => {
      end(reject, new TrackerError(code === 'TIMEOUT' ? text : message, code))
    }
    let cancel = () => {}
    try {
      cancel = start((value) => end(resolve, value), fail)
    } catch (error) {
      // No addon: nothing has been started, and nothing may be left to go off later.
      end(reject, error)
    }
  })
}

function limits(opts) {
  const timeout = check.timeout(opts.timeout, 'opts.timeout', check.DEFAULT_TIMEOUT)
  const resend = check.timeout(
    opts._timeout,
    'opts._timeout',
    Math.min(check.DEFAULT_TIMEOUT, timeout / RESENDS)
  )
  return { signal: opts.signal === null ? undefined : opts.signal, timeout, resend }
}

/** Announces once: `{interval, leechers, seeds, peers}`. */
async function announce(url, opts) {
  opts = check.optionsObject(opts, 'opts')
  const peerId = check.copyOf(check.peerId(opts.peerId))
  const infoHash = check.copyOf(check.infoHash(opts.infoHash))
  const port = check.port(opts.port)
  const options = check.announceOptions(opts)
  const event = opts.event === undefined || opts.event === null ? 0 : check.eventNumber(opts.event)
  if (event === undefined) throw new RangeError('unknown event')
  const problem = check.counterProblem(opts)
  if (problem !== null) throw problem
  const limit = limits(opts)

  return limited(limit, (resolve, reject) => {
    const request = {
      number: 0,
      context: null,
      kind: 'announce',
      url,
      options,
      timeout: limit.resend,
      infoHash,
      peerId,
      port,
      event,
      ...check.counters(opts),
      onAnnounced: (interval, leechers, seeds, peers) =>
        resolve({ interval, leechers, seeds, peers }),
      onFailure: reject
    }
    engine.announce(request)
    return () => engine.cancel(request)
  })
}

/** Scrapes any number of info-hashes: `[{infoHash, seeds, completed, leechers}]` in the order asked. */
async function scrape(url, infoHashes, opts) {
  opts = check.optionsObject(opts, 'opts')
  const hashes = hashesOf(infoHashes)
  const options = check.announceOptions({ family: opts.family })
  const { onProgress } = opts
  if (onProgress !== undefined && onProgress !== null && typeof onProgress !== 'function') {
    throw new TypeError('opts.onProgress must be a function')
  }
  const limit = limits(opts)
  const total = hashes.length / 20

  return limited(limit, (resolve, reject) => {
    const job = new Scrape(hashes, {
      onResult: resolve,
      onFailure: reject,
      onProgress: onProgress ? (done) => onProgress({ done, total }) : null
    })
    job.start(url, limit.resend, options)
    return () => job.cancel()
  })
}

/** Counters of this process's engine, for monitoring. */
function stats() {
  const counters = {}
  for (const [name, value] of engine.stats()) {
    counters[name.replace(/_(.)/g, (_, letter) => letter.toUpperCase())] = value
  }
  return counters
}

module.exports = { announce, scrape, stats }
