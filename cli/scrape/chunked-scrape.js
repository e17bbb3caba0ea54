// A scrape in requests of one datagram each, so that results can be passed on while others are still under way, and no
// more than these are ever objects: ten million info-hashes pass through.
'use strict'

const { setMaxListeners } = require('node:events')
const UdpTracker = require('../../index.js')

const { TrackerError } = UdpTracker

const HASHES_A_REQUEST = 60
// Enough to keep a tracker busy over a long way; how many of them are in flight is the engine's.
const AT_ONCE = 256
const LONGEST_TIMER = 2 ** 31 - 1

class ChunkedScrape {
  /**
   * `onRows(first, rows)` gets results in the order asked, `first` being the index of the first of them, with `undefined`
   * for what did not come in; what it returns is waited for before more is asked. `timeout` is the longest time in which
   * nothing comes in, in milliseconds; what else there is goes with each request.
   */
  constructor(url, infoHashes, { timeout, onRows, onProgress = () => {}, ...request }) {
    this.url = url
    this.infoHashes = infoHashes
    this.onRows = onRows
    this.onProgress = onProgress
    this.requests = Math.ceil(infoHashes.length / HASHES_A_REQUEST)
    this.started = 0
    this.inFlight = 0
    this.passedOn = 0
    this.results = new Map()
    this.answered = 0
    this.failure = null
    this.abort = new AbortController()
    this.timeout = timeout
    // What a single request waits for is not its own time: as long as others are answered, it has a turn to come.
    this.options = { ...request, timeout: LONGEST_TIMER, signal: this.abort.signal }
    this.watch = null
    setMaxListeners(0, this.abort.signal)
  }

  /** Resolves when all is passed on; rejects with the first failure, which ends the others. */
  async run() {
    const lanes = Math.min(AT_ONCE, this.requests)
    this.expectProgress()
    try {
      await Promise.all(Array.from({ length: lanes }, () => this.lane()))
    } finally {
      clearTimeout(this.watch)
    }
    if (this.failure === null) return
    await this.passOnRest()
    throw this.failure
  }

  // Called whenever something comes in, and when the first request goes out behind a reader that was slow.
  expectProgress() {
    clearTimeout(this.watch)
    this.watch = setTimeout(() => {
      if (this.inFlight === 0) return
      this.fail(new TrackerError(`tracker is not responding after:${this.timeout}`, 'TIMEOUT'))
    }, this.timeout)
  }

  fail(error) {
    if (this.failure !== null) return
    this.failure = error
    this.abort.abort()
  }

  async lane() {
    while (this.started < this.requests && this.failure === null) {
      const index = this.started++
      const first = index * HASHES_A_REQUEST
      await this.ask(index, this.infoHashes.slice(first, first + HASHES_A_REQUEST))
      this.onProgress(this.answered)
      await this.passOn()
    }
  }

  async ask(index, some) {
    if (this.inFlight++ === 0) this.expectProgress()
    try {
      this.comeIn(index, await UdpTracker.scrape(this.url, some, this.options))
    } catch (error) {
      if (Array.isArray(error?.results)) this.comeIn(index, inOrder(some, error.results))
      this.fail(error)
    } finally {
      this.inFlight--
    }
  }

  comeIn(index, rows) {
    this.results.set(index, rows)
    this.answered += rows.reduce((count, row) => (row ? count + 1 : count), 0)
    this.expectProgress()
  }

  async passOn() {
    while (this.results.has(this.passedOn)) await this.pass(this.passedOn++)
  }

  /** What has come in but waits for results before it. */
  async passOnRest() {
    while (this.results.size > 0) {
      const index = this.passedOn++
      if (this.results.has(index)) await this.pass(index)
    }
  }

  pass(index) {
    const rows = this.results.get(index)
    this.results.delete(index)
    return this.onRows(index * HASHES_A_REQUEST, rows)
  }
}

// The rows that a failed request brought, each at the index of its info-hash.
function inOrder(infoHashes, results) {
  const rows = new Map(results.filter(Boolean).map((row) => [row.infoHash, row]))
  return infoHashes.map((infoHash) => rows.get(infoHash.toString('hex')))
}

module.exports = ChunkedScrape
