// A scrape of any number of info-hashes: as many requests as it takes, their rows put together in the order asked.
'use strict'

const check = require('../options/arguments.js')
const engine = require('../engine/engine.js')
const { wrongType } = require('../options/errors.js')
const { afterThis } = require('../engine/event-loop.js')
const Limit = require('./limit.js')

const HASH_LENGTH = 20

// For how many info-hashes there is room at first.
const FEW = 64

// What one datagram asks for.
class ScrapeRequest {
  constructor(scrape, first, infoHashes) {
    this.scrape = scrape
    this.number = 0
    this.context = null
    this.first = first
    this.infoHashes = infoHashes
  }

  get kind() {
    return 'scrape'
  }

  get url() {
    return this.scrape.url
  }

  get timeout() {
    return this.scrape.timeout
  }

  get options() {
    return this.scrape.options
  }

  // It asks for many.
  get infoHash() {
    return null
  }

  onAnswer(rows) {
    this.scrape.fill(this, rows)
  }

  onFailure(failure) {
    this.scrape.cancel()
    this.scrape.onFailure(failure)
  }
}

/**
 * Scrapes `infoHashes`, of `hashesOf`. Calls either `onResult` with a row for each, or `onFailure` with a Failure, once;
 * `onProgress(done)` whenever some came in.
 */
class Scrape {
  constructor(infoHashes, { onResult, onFailure, onProgress }) {
    this.infoHashes = infoHashes
    this.onResult = onResult
    this.onFailure = onFailure
    this.onProgress = onProgress
    this.results = new Array(infoHashes.length / HASH_LENGTH)
    this.done = 0
    this.requests = new Set()
    this.url = null
    this.timeout = 0
    this.options = null
    this.onCancel = null
  }

  start(url, timeout, options) {
    const { infoHashes } = this
    this.url = url
    this.timeout = timeout
    this.options = options
    if (infoHashes.length === 0) return void afterThis(() => this.onResult([]))
    const length = HASH_LENGTH * engine.maxScrapeHashes()
    try {
      for (let first = 0; first < infoHashes.length; first += length) {
        const request = new ScrapeRequest(this, first, infoHashes.subarray(first, first + length))
        engine.start(request)
        this.requests.add(request)
      }
    } catch (error) {
      this.cancel()
      throw error
    }
  }

  fill(request, rows) {
    this.requests.delete(request)
    const { first, infoHashes } = request
    for (let at = 0; at < infoHashes.length; at += HASH_LENGTH) {
      const row = (3 * at) / HASH_LENGTH
      this.results[(first + at) / HASH_LENGTH] = {
        infoHash: infoHashes.hexSlice(at, at + HASH_LENGTH),
        seeds: rows[row],
        completed: rows[row + 1],
        leechers: rows[row + 2]
      }
    }
    this.done += infoHashes.length / HASH_LENGTH
    if (this.onProgress) this.onProgress(this.done)
    if (this.requests.size === 0 && this.done === this.results.length) this.onResult(this.results)
  }

  /** The rows that have come in, from the one at `first` on, in the order asked. */
  rows(first = 0) {
    return this.results.slice(first).filter((row) => row !== undefined)
  }

  /** Has it fail for having taken `timeout` milliseconds: one request that does ends it all. */
  giveUp(timeout) {
    for (const request of this.requests) return engine.giveUp(request, timeout)
  }

  cancel() {
    if (this.onCancel !== null) this.onCancel()
    for (const request of this.requests) engine.cancel(request)
    this.requests.clear()
  }
}

/** The scrape of a tracker object, which hears of its end by an event. */
function scrapeFor(tracker, infoHashes) {
  const hashes = hashesOf(infoHashes === undefined ? [tracker.infoHash] : infoHashes)
  const { _options: options, _plan: plan } = tracker
  if (tracker._scrapes === null) tracker._scrapes = new Set()
  let limit = null
  const ended = () => {
    if (limit !== null) limit.end()
    return tracker._scrapes.delete(job)
  }
  const job = new Scrape(hashes, {
    onResult: (results) => ended() && tracker.emit('scrape', results),
    onFailure: ({ message }) => ended() && tracker.emit('error', message),
    onProgress: () => limit !== null && limit.restart()
  })
  job.start(
    check.urlText(tracker.announceUrl),
    check.timeout(tracker._timeout, '_timeout'),
    Array.isArray(options) ? { ...options[0], family: 0 } : options
  )
  tracker._scrapes.add(job)
  if (plan.timeout === Infinity) return
  limit = new Limit(plan.timeout, () => job.giveUp(plan.timeout))
  job.onCancel = () => limit.end()
}

/** The info-hashes one after another in a Buffer of their own; a wrong one throws and is named by its index. */
function hashesOf(infoHashes) {
  const isList =
    infoHashes !== null && typeof infoHashes === 'object' && Symbol.iterator in infoHashes
  if (!isList || check.isBytes(infoHashes)) {
    throw wrongType('infoHashes must be an array of info-hashes')
  }
  let bytes = Buffer.allocUnsafeSlow(FEW * HASH_LENGTH)
  let count = 0
  for (const value of infoHashes) {
    const infoHash = check.infoHash(value, `infoHashes[${count}]`)
    const start = HASH_LENGTH * count++
    if (start === bytes.length) bytes = Buffer.concat([bytes], 2 * bytes.length)
    // At once: what comes next is the application's code, and the memory as well.
    for (let i = 0; i < HASH_LENGTH; i++) bytes[start + i] = infoHash[i]
  }
  return bytes.subarray(0, HASH_LENGTH * count)
}

module.exports = { Scrape, hashesOf, scrapeFor }
