'use strict'

// The requests of a bittorrent-tracker client as the engine takes them. No other file of this folder knows
// lib/engine/engine.js or lib/api/scrape.js.

const check = require('../options/arguments.js')
const engine = require('../engine/engine.js')
const Failure = require('../engine/failure.js')
const Limit = require('../api/limit.js')
const { Scrape, hashesOf } = require('../api/scrape.js')

// Milliseconds: for an announce from start to end, for a scrape the longest time without a new row.
const REQUEST_TIMEOUT = 15000

// The engine's `timeout`, in milliseconds: a datagram is repeated after twice that at the latest. As for the promises, a sixth
// of the whole.
const RESEND = REQUEST_TIMEOUT / 6

const TIMED_OUT = new Failure(`tracker is not responding after:${REQUEST_TIMEOUT}`, 'TIMEOUT')

class Announce {
  constructor(asked, handlers) {
    this.number = 0
    this.context = null
    this.handlers = handlers
    this.url = check.urlText(asked.url)
    this.options = optionsOf(asked)
    this.timeout = RESEND
    this.infoHash = check.infoHash(asked.infoHash)
    this.peerId = check.peerId(asked.peerId)
    this.port = check.port(asked.port, 'port')
    this.event = asked.event
    this.downloaded = asked.counters.downloaded
    this.left = asked.counters.left
    this.uploaded = asked.counters.uploaded
    this.limit = null
  }

  get kind() {
    return 'announce'
  }

  start() {
    engine.start(this)
    this.limit = new Limit(REQUEST_TIMEOUT, () => {
      this.cancel()
      this.handlers.onFailure(TIMED_OUT)
    })
  }

  cancel() {
    this.limit.end()
    engine.cancel(this)
  }

  onAnswer(answer) {
    this.limit.end()
    this.handlers.onAnnounced(answer)
  }

  onFailure(failure) {
    this.limit.end()
    this.handlers.onFailure(failure)
  }
}

function optionsOf({ numWant, transport }) {
  return check.announceOptions({ numWant, transport })
}

/**
 * Announces once. Either `handlers.onAnnounced({interval, leechers, seeds, peers})` or `handlers.onFailure(failure)` is
 * called, once and later. Returns a function that cancels the request. Throws if what is asked cannot be sent.
 */
function announce(asked, handlers) {
  const request = new Announce(asked, handlers)
  request.start()
  return () => request.cancel()
}

/**
 * Scrapes any number of info-hashes. Either `handlers.onScraped(rows)` or `handlers.onFailure(failure, rows)` is called, once
 * and later; a row is {seeds, completed, leechers}, or missing if it has not come in. Returns a function that cancels the
 * request. Throws if what is asked cannot be sent.
 */
function scrape({ url, infoHashes, transport }, handlers) {
  const job = new Scrape(hashesOf(infoHashes), {
    onResult: (rows) => {
      limit.end()
      handlers.onScraped(rows)
    },
    onFailure: (failure) => {
      limit.end()
      handlers.onFailure(failure, job.results)
    },
    onProgress: () => limit.restart()
  })
  job.start(check.urlText(url), RESEND, optionsOf({ transport }))
  const limit = new Limit(REQUEST_TIMEOUT, () => {
    job.cancel()
    handlers.onFailure(TIMED_OUT, job.results)
  })
  return () => {
    limit.end()
    job.cancel()
  }
}

module.exports = { announce, scrape }
