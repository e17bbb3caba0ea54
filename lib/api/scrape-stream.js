'use strict'

// A scrape of the info-hashes of any source, as a stream of rows in their order. What is under way and what waits to be taken
// is bounded, whatever the source holds.

const { checkSignal, reasonOf, whenAborted } = require('../options/abort.js')
const check = require('../options/arguments.js')
const { wrongType } = require('../options/errors.js')
const { clearTimeout, setTimeout } = require('../engine/event-loop.js')
const Limit = require('./limit.js')
const { Scrape } = require('./scrape.js')

const HASH_LENGTH = 20

// How many info-hashes are asked for together, and how many such parts are under way or wait to be taken: enough to keep a
// tracker busy over a long way. How many datagrams of them are in flight is the engine's.
const PART_LENGTH = 1200 * HASH_LENGTH
const PARTS = 16

// How long a part waits for a slow source to fill it, in milliseconds.
const LINGER = 5

const OPTIONS = new Set(['_timeout', 'family', 'signal', 'timeout', 'transport'])

const isWaiting = ({ job }) => job.requests.size > 0

class ScrapeStream {
  /** `errorOf(failure, {url, timeout, results})` makes the error that is thrown for a failure. */
  constructor(url, infoHashes, opts, errorOf) {
    opts = check.optionsObject(opts, 'opts', OPTIONS)
    const { signal, timeout, _timeout } = opts
    if (check.isGiven(signal)) checkSignal(signal)
    this.signal = check.isGiven(signal) ? signal : null
    this.timeout = check.limit(timeout)
    this.resend = check.timeout(_timeout)
    this.options = check.scrapeOptions(opts)
    this.url = check.urlText(url)
    this.errorOf = errorOf
    this.source = iteratorOf(infoHashes)

    // In the order asked; of each part the first `taken` rows have been passed on.
    this.parts = []
    this.bytes = null
    this.used = 0
    this.count = 0
    this.isFed = false
    this.isClosed = false
    // Each `{error}`: what the source or an info-hash of it was wrong with, and what ended the requests.
    this.broken = null
    this.failed = null
    this.limit = null
    this.linger = null
    this.wake = () => {}
    this.makeRoom = () => {}
  }

  /** The rows, as many at a time as have come in next. */
  async *rows() {
    const { parts } = this
    const forget = this.watchSignal()
    this.feed()
    try {
      for (;;) {
        if (this.failed !== null && this.failed.isAbort) throw this.failed.error
        const rows = this.take()
        if (rows.length > 0) yield rows
        else if (this.failed !== null) throw this.failure()
        else if (parts.length > 0 || !this.isFed) await new Promise((wake) => (this.wake = wake))
        else if (this.broken !== null) throw this.broken.error
        else return
      }
    } finally {
      forget()
      this.close()
    }
  }

  take() {
    if (this.parts.length === 0) return []
    const [part] = this.parts
    const { results } = part.job
    const first = part.taken
    while (part.taken < results.length && results[part.taken] !== undefined) part.taken++
    if (part.taken === results.length) {
      this.parts.shift()
      this.makeRoom()
    }
    return results.slice(first, part.taken)
  }

  watchSignal() {
    const { signal } = this
    if (signal === null) return () => {}
    const abort = (error) => this.fail({ error, isAbort: true })
    if (signal.aborted) abort(reasonOf(signal))
    return whenAborted(signal, abort)
  }

  // Reads the source for as long as there is room.
  async feed() {
    const { isAsync, iterator } = this.source
    try {
      while (!this.isClosed && this.failed === null) {
        if (this.parts.length >= PARTS) {
          await new Promise((makeRoom) => (this.makeRoom = makeRoom))
          continue
        }
        const next = isAsync ? await iterator.next() : iterator.next()
        if (next.done || this.isClosed || this.failed !== null) break
        this.add(next.value)
      }
    } catch (error) {
      this.broken = { error }
    }
    this.ask()
    this.isFed = true
    this.wake()
  }

  // Copied at once: what comes next is the application's code, and the memory as well.
  add(value) {
    const infoHash = check.infoHash(value, `infoHashes[${this.count++}]`)
    if (this.bytes === null) {
      this.bytes = Buffer.allocUnsafeSlow(PART_LENGTH)
      if (this.source.isAsync) this.linger = setTimeout(() => this.ask(), LINGER)
    }
    this.bytes.set(infoHash, this.used)
    this.used += HASH_LENGTH
    if (this.used === PART_LENGTH) this.ask()
  }

  ask() {
    clearTimeout(this.linger)
    const { bytes, used } = this
    if (bytes === null || this.isClosed || this.failed !== null) return
    this.bytes = null
    this.used = 0
    const part = { taken: 0, job: null }
    part.job = new Scrape(bytes.subarray(0, used), {
      onResult: () => this.parts.some(isWaiting) || this.endLimit(),
      onFailure: (failure) => this.fail({ failure }),
      onProgress: () => this.comeIn(part)
    })
    try {
      part.job.start(this.url, this.resend, this.options)
    } catch (error) {
      return this.fail({ error, isAbort: true })
    }
    this.parts.push(part)
    if (this.limit === null) this.expectMore()
  }

  comeIn(part) {
    this.expectMore()
    if (part === this.parts[0]) this.wake()
  }

  expectMore() {
    if (this.limit !== null) return this.limit.restart()
    this.limit = new Limit(this.timeout, () => {
      const late = this.parts.find(isWaiting)
      if (late !== undefined) late.job.giveUp(this.timeout)
    })
  }

  endLimit() {
    if (this.limit !== null) this.limit.end()
    this.limit = null
  }

  fail(failed) {
    if (this.failed !== null) return
    this.failed = failed
    this.cancel()
    this.wake()
  }

  // With what has come in behind the rows that have been passed on.
  failure() {
    const results = this.parts.flatMap(({ taken, job }) => job.rows(taken))
    const { url, timeout } = this
    return this.errorOf(this.failed.failure, { url, timeout, results })
  }

  cancel() {
    this.endLimit()
    clearTimeout(this.linger)
    for (const { job } of this.parts) job.cancel()
    this.makeRoom()
  }

  close() {
    this.isClosed = true
    this.cancel()
    if (!this.isFed || this.failed !== null) this.source.end()
  }
}

// What iterates over the source; `end` tells it that nothing more is wanted, as leaving a loop does.
function iteratorOf(source) {
  if (typeof source === 'string' || check.isBytes(source)) source = [source]
  const isObject = typeof source === 'object' && source !== null
  const isAsync = isObject && typeof source[Symbol.asyncIterator] === 'function'
  if (!isAsync && !(isObject && typeof source[Symbol.iterator] === 'function')) {
    throw wrongType('infoHashes must be an iterable or an async iterable of info-hashes')
  }
  const iterator = source[isAsync ? Symbol.asyncIterator : Symbol.iterator]()
  const end = async () => iterator.return && iterator.return()
  return { isAsync, iterator, end: () => void end().catch(() => {}) }
}

module.exports = ScrapeStream
