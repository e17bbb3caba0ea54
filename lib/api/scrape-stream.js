// A scrape of the info-hashes of any source, as a stream of rows in their order. What is under way and what waits to be taken
// is bounded, whatever the source holds.
'use strict'

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

const OPTIONS = new Set(['_timeout', 'family', 'onProgress', 'signal', 'timeout', 'transport'])

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
    this.onProgress = check.progressListener(opts)
    this.options = check.scrapeOptions(opts)
    this.url = check.urlText(url)
    // All that has come in has been passed on before it is thrown.
    this.errorOf = (failure) =>
      errorOf(failure, { url: this.url, timeout: this.timeout, results: [] })
    this.source = iteratorOf(infoHashes)

    // In the order asked; of each part the first `taken` rows have been passed on.
    this.parts = []
    this.bytes = null
    this.used = 0
    this.count = 0
    this.done = 0
    this.isFed = false
    this.isClosed = false
    // Each `{error}`: what the source or an info-hash of it was wrong with, and what ended the requests. What had come in by
    // then is still passed on.
    this.broken = null
    this.failed = null
    this.limit = null
    this.linger = null
    this.wake = () => {}
    this.makeRoom = () => {}
  }

  /** The rows, as many at a time as have come in next. */
  async *rows() {
    const forget = this.watchSignal()
    this.feed()
    try {
      for (;;) {
        const rows = this.failed === null ? this.take() : this.takeRest()
        if (rows.length > 0) yield rows
        else if (this.failed !== null) throw this.failed.error
        else if (this.parts.length > 0 || !this.isFed) await this.change()
        else if (this.broken !== null) throw this.broken.error
        else return
      }
    } finally {
      forget()
      this.close()
    }
  }

  change() {
    return new Promise((wake) => (this.wake = wake))
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

  // Nothing more comes: what is behind a row that is missing has waited long enough.
  takeRest() {
    const rows = this.parts.flatMap(({ taken, job }) => job.rows(taken))
    this.parts = []
    return rows
  }

  watchSignal() {
    const { signal } = this
    if (signal === null) return () => {}
    if (signal.aborted) this.fail(reasonOf(signal))
    return whenAborted(signal, (reason) => this.fail(reason))
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
    const part = { taken: 0, done: 0, job: null }
    part.job = new Scrape(bytes.subarray(0, used), {
      onResult: () => this.parts.some(isWaiting) || this.endLimit(),
      onFailure: (failure) => this.fail(this.errorOf(failure)),
      onProgress: () => this.comeIn(part)
    })
    try {
      part.job.start(this.url, this.resend, this.options)
    } catch (error) {
      return this.fail(error)
    }
    this.parts.push(part)
    if (this.limit === null) this.expectMore()
  }

  comeIn(part) {
    this.expectMore()
    this.tell(part)
    if (part === this.parts[0]) this.wake()
  }

  tell(part) {
    this.done += part.job.done - part.done
    part.done = part.job.done
    if (this.onProgress === null) return
    try {
      this.onProgress({ done: this.done })
    } catch (error) {
      this.fail(error)
    }
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

  fail(error) {
    if (this.failed !== null) return
    this.failed = { error }
    this.cancel()
    this.wake()
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
