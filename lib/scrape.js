'use strict'

// A scrape of any number of info-hashes: as many requests as it takes, their rows put together in the order asked.

const check = require('./arguments.js')
const session = require('./session.js')

// What one datagram carries: it fits 1500-byte links for both families, and the limits of common trackers.
const HASHES_A_REQUEST = 70

class ScrapeRequest {
  constructor(scrape, first, count) {
    this.scrape = scrape
    this.first = first
    this.count = count
    this.number = 0
  }

  get kind() {
    return 'scrape'
  }

  get url() {
    return this.scrape.url
  }

  // It asks for many.
  get infoHash() {
    return null
  }

  onScraped(rows) {
    this.scrape.fill(this, rows)
  }

  onFailure(text, code) {
    this.scrape.cancel()
    this.scrape.onFailure(text, code)
  }
}

/**
 * Scrapes `infoHashes` (Buffers). Calls either `onResult` with a row for each, or `onFailure(text, code)`, once;
 * `onProgress(done)` whenever some came in.
 */
class Scrape {
  constructor(infoHashes, { onResult, onFailure, onProgress }) {
    this.infoHashes = infoHashes
    this.onResult = onResult
    this.onFailure = onFailure
    this.onProgress = onProgress
    this.results = new Array(infoHashes.length)
    this.done = 0
    this.requests = new Set()
    this.url = null
  }

  start(url, timeout, family) {
    const { infoHashes } = this
    this.url = url
    for (let first = 0; first < infoHashes.length; first += HASHES_A_REQUEST) {
      const some = infoHashes.slice(first, first + HASHES_A_REQUEST)
      const request = new ScrapeRequest(this, first, some.length)
      this.requests.add(request)
      session.scrape(request, url, timeout, family, some)
    }
    return this
  }

  fill(request, rows) {
    this.requests.delete(request)
    for (let i = 0; i < request.count; i++) {
      const index = request.first + i
      this.results[index] = {
        infoHash: this.infoHashes[index].hexSlice(0, 20),
        seeds: rows[3 * i],
        completed: rows[3 * i + 1],
        leechers: rows[3 * i + 2]
      }
    }
    this.done += request.count
    if (this.onProgress) this.onProgress(this.done)
    if (this.requests.size === 0 && this.done === this.results.length) this.onResult(this.results)
  }

  cancel() {
    for (const request of this.requests) session.cancel(request)
    this.requests.clear()
  }
}

/** The info-hashes as Buffers; a wrong one throws and is named by its index. */
function hashesOf(infoHashes) {
  const isList =
    infoHashes !== null && typeof infoHashes === 'object' && Symbol.iterator in infoHashes
  if (!isList || infoHashes instanceof Uint8Array) {
    throw new TypeError('infoHashes must be an array of info-hashes')
  }
  return Array.from(infoHashes, (infoHash, index) => {
    return check.twentyBytes(infoHash, `infoHashes[${index}]`, 'hex')
  })
}

module.exports = { Scrape, hashesOf }
