// The requests of a bittorrent-tracker client as the engine takes them. No other file of this folder knows
// lib/api/announce.js or lib/api/scrape.js.
'use strict'

const check = require('../options/arguments.js')
const Announce = require('../api/announce.js')
const BothFamilies = require('../api/both-families.js')
const Limit = require('../api/limit.js')
const { Scrape, hashesOf } = require('../api/scrape.js')

// Milliseconds: for an announce from start to end, for a scrape the longest time without a new row.
const REQUEST_TIMEOUT = 15000

// The engine's `timeout`, in milliseconds: a datagram is repeated after twice that at the latest. As for the promises, a sixth
// of the whole.
const RESEND = REQUEST_TIMEOUT / 6

/**
 * Announces once, with `family: 'both'` over each family. `handlers.onAnnounced({interval, leechers, seeds, peers})` is called
 * for each that answers, and `handlers.onEnd()` when no more will; or `handlers.onFailure(failure)`, once and alone. Returns a
 * function that cancels the request. Throws if what is asked cannot be sent.
 */
function announce(asked, handlers) {
  const { counters, event, numWant, family, transport } = asked
  const options = check.objectOptions({ numWant, family, transport })
  const checked = {
    url: check.urlText(asked.url),
    timeout: RESEND,
    infoHash: check.infoHash(asked.infoHash),
    peerId: check.peerId(asked.peerId),
    port: check.port(asked.port, 'port'),
    event,
    ...counters
  }
  const to = {
    announced(request, answer) {
      // Over by the time that anybody hears of the answer.
      if (request.to === to || request.to.isOver) handlers.onEnd()
      handlers.onAnnounced(answer)
    },
    failed: (request, failure) => handlers.onFailure(failure),
    ended: () => handlers.onEnd()
  }
  const over = (each, hearing) => new Announce(checked, each, REQUEST_TIMEOUT, hearing, null)
  const request = Array.isArray(options)
    ? new BothFamilies(to, null, (both) => options.map((each) => over(each, both)))
    : over(options, to)
  request.start()
  return () => request.cancel()
}

/**
 * Scrapes any number of info-hashes. Either `handlers.onScraped(rows)` or `handlers.onFailure(failure, rows)` is called, once
 * and later; a row is {seeds, completed, leechers}, or missing if it has not come in. Returns a function that cancels the
 * request. Throws if what is asked cannot be sent.
 */
function scrape({ url, infoHashes, family, transport }, handlers) {
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
  job.start(check.urlText(url), RESEND, check.scrapeOptions({ family, transport }))
  const limit = new Limit(REQUEST_TIMEOUT, () => job.giveUp(REQUEST_TIMEOUT))
  return () => {
    limit.end()
    job.cancel()
  }
}

module.exports = { announce, scrape }
