'use strict'

// A scrape in requests of one datagram each, so that results can be passed on while others are still under way.

const { setMaxListeners } = require('node:events')
const UdpTracker = require('..')

const HASHES_A_REQUEST = 70
// Enough to keep a tracker busy over a long way; a request's time for an answer does not run while it waits here.
const AT_ONCE = 64

class ChunkedScrape {
  /**
   * `onRows(first, rows)` gets results in the order asked, `first` being the place of the first of them; what it returns
   * is waited for before more is asked.
   */
  constructor(url, infoHashes, { family, timeout, onRows, onProgress }) {
    this.url = url
    this.infoHashes = infoHashes
    this.onRows = onRows
    this.onProgress = onProgress
    this.requests = Math.ceil(infoHashes.length / HASHES_A_REQUEST)
    this.started = 0
    this.passedOn = 0
    this.results = new Array(this.requests)
    this.answered = 0
    this.failure = null
    this.abort = new AbortController()
    this.options = { family, timeout, signal: this.abort.signal }
    setMaxListeners(0, this.abort.signal)
  }

  /** Resolves when all is passed on; rejects with the first failure, which ends the others. */
  async run() {
    const lanes = Math.min(AT_ONCE, this.requests)
    await Promise.all(Array.from({ length: lanes }, () => this.lane()))
    if (this.failure === null) return
    await this.passOnRest()
    throw this.failure
  }

  async lane() {
    while (this.started < this.requests && this.failure === null) {
      const index = this.started++
      const first = index * HASHES_A_REQUEST
      const some = this.infoHashes.slice(first, first + HASHES_A_REQUEST)
      try {
        this.results[index] = await UdpTracker.scrape(this.url, some, this.options)
      } catch (err) {
        if (this.failure !== null) return
        this.failure = err
        this.abort.abort()
        return
      }
      this.answered += some.length
      this.onProgress(this.answered)
      await this.passOn()
    }
  }

  async passOn() {
    while (this.results[this.passedOn] !== undefined) await this.pass(this.passedOn++)
  }

  /** What has come in but waits for results before it. */
  async passOnRest() {
    while (this.passedOn < this.requests) {
      const index = this.passedOn++
      if (this.results[index] !== undefined) await this.pass(index)
    }
  }

  pass(index) {
    const rows = this.results[index]
    this.results[index] = null
    return this.onRows(index * HASHES_A_REQUEST, rows)
  }
}

module.exports = ChunkedScrape
