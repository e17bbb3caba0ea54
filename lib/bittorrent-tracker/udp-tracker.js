// One `udp:` tracker of a bittorrent-tracker client, with the interface of its lib/client/udp-tracker.js. Outcomes are emitted
// on the client.
//
// `patch` puts these methods on bittorrent-tracker's own objects as well, which may have requests of theirs in flight. So they
// use only fields that those objects have, in the same way.
'use strict'

const { EventEmitter } = require('node:events')

const { LONGEST_TIMER, clearTimeout, afterThis, setTimeout } = require('../engine/event-loop.js')
const TrackerError = require('../api/tracker-error.js')
const debug = require('./debug.js')
const requests = require('./requests.js')
const retry = require('./retry.js')
const { familyOf, transportOf } = require('./transport.js')
const values = require('./values.js')

const DEFAULT_INTERVAL = 30 * 60 * 1000

// How much of a tracker's interval is added to it at most, at random: torrents that started together do not stay together.
const JITTER = 0.1

// How long what is in flight, such as `stopped`, still has when its tracker is destroyed.
const DESTROY_TIMEOUT = 1000

// bittorrent-tracker's words for a malformed answer, by what is wrong with it. Other failures keep the words they have here.
const THEIR_WORDS = {
  __proto__: null,
  CONNECT_LENGTH: 'invalid udp handshake',
  ANNOUNCE_LENGTH: 'invalid announce message',
  SCRAPE_LENGTH: 'invalid scrape message',
  ERROR_LENGTH: 'invalid error message',
  TRANSACTION_ID: 'tracker sent invalid transaction id',
  ACTION: 'tracker sent invalid action'
}

class UDPTracker extends EventEmitter {
  constructor(client, announceUrl) {
    super()
    debug('new udp tracker %s', announceUrl)
    this.client = client
    this.announceUrl = announceUrl
    this.interval = null
    this.destroyed = false
    // One function for each request in flight; it cancels the request and takes itself off this list.
    this.cleanupFns = []
    // Called when a request has ended, while `destroy` waits for the last one.
    this.maybeDestroyCleanup = null
  }

  announce(opts) {
    if (this.destroyed) return
    retry.forget(this)
    begin(this, (ended) => {
      const { event = 'update', ...rest } = Object(opts)
      return requests.announce(announceOf(this, { event, ...rest }), {
        onAnnounced: (answer) => this.destroyed || emitAnnounced(this, answer),
        onEnd: ended,
        onFailure: (failure) => {
          if (!ended()) return
          retry.failed(this, event, failure)
          emitFailure(this, event, failure)
        }
      })
    })
  }

  scrape(opts) {
    if (this.destroyed) return
    begin(this, (ended) => {
      const infoHashes = values.infoHashes(Object(opts).infoHash, this.client.infoHash)
      const family = familyOf(this)
      const asked = {
        url: this.announceUrl,
        infoHashes,
        // One of them has the numbers.
        family: family === 'both' ? 0 : family,
        transport: transportOf(this)
      }
      const labels = infoHashes.map(values.label)
      return requests.scrape(asked, {
        onScraped: (rows) => {
          if (!ended()) return
          debug('UDP response %s, action 2', this.announceUrl)
          emitScraped(this, labels, rows)
        },
        onFailure: (failure, rows) => {
          if (!ended()) return
          emitScraped(this, labels, rows)
          emitFailure(this, 'scrape', failure)
        }
      })
    })
  }

  setInterval(intervalMs) {
    clearInterval(this.interval)
    this.interval = null
    if (intervalMs === undefined || intervalMs === null) intervalMs = this.DEFAULT_ANNOUNCE_INTERVAL
    if (this.destroyed || !(intervalMs > 0)) return
    const announce = () => this.announce(this.client._defaultAnnounceOpts())
    this.interval = setInterval(announce, Math.min(intervalMs, LONGEST_TIMER))
    if (this.interval.unref) this.interval.unref()
  }

  destroy(cb) {
    if (typeof cb !== 'function') cb = () => {}
    if (this.destroyed) return cb(null)
    this.destroyed = true
    clearInterval(this.interval)
    retry.forget(this)
    if (this.cleanupFns.length === 0) return cb(null)

    const end = () => {
      clearTimeout(timer)
      this.maybeDestroyCleanup = null
      for (const cleanup of [...this.cleanupFns]) cleanup()
      cb(null)
    }
    const timer = setTimeout(end, DESTROY_TIMEOUT)
    this.maybeDestroyCleanup = () => {
      if (this.cleanupFns.length === 0) end()
    }
  }
}

UDPTracker.prototype.DEFAULT_ANNOUNCE_INTERVAL = DEFAULT_INTERVAL

// Begins a request: `start(ended)` starts it and returns a function that cancels it. Its outcome calls `ended()`, which takes
// it off the list and returns whether to emit anything: not when the tracker has been destroyed. What `start` throws becomes a
// warning, because applications of bittorrent-tracker do not expect these calls to throw.
function begin(tracker, start) {
  let cancel = () => {}
  const ended = () => {
    const { cleanupFns } = tracker
    const index = cleanupFns.indexOf(cleanup)
    if (index !== -1) cleanupFns.splice(index, 1)
    if (tracker.maybeDestroyCleanup) tracker.maybeDestroyCleanup()
    return !tracker.destroyed
  }
  const cleanup = () => {
    cancel()
    ended()
  }
  tracker.cleanupFns.push(cleanup)
  try {
    cancel = start(ended)
  } catch (error) {
    afterThis(() => {
      if (ended()) warn(tracker, error)
    })
  }
}

function announceOf(tracker, opts) {
  const { client, announceUrl } = tracker
  return {
    url: announceUrl,
    // The names without an underscore are those of version 7.
    infoHash: client._infoHashBuffer || client.infoHashBuffer,
    peerId: client._peerIdBuffer || client.peerIdBuffer,
    port: client._port,
    event: values.event(opts.event),
    counters: values.counters(opts),
    numWant: values.numWant(opts.numwant),
    family: familyOf(tracker),
    transport: transportOf(tracker)
  }
}

function emitAnnounced(tracker, { interval, leechers, seeds, peers }) {
  const { client, announceUrl } = tracker
  debug('UDP response %s, action 1', announceUrl)
  retry.answered(tracker, interval)
  if (interval > 0) tracker.setInterval(interval * 1000 * (1 + JITTER * Math.random()))
  client.emit('update', { announce: announceUrl, complete: seeds, incomplete: leechers })
  for (const peer of peers) {
    if (tracker.destroyed) return
    client.emit('peer', peer)
  }
}

function emitScraped(tracker, labels, rows) {
  for (const [index, label] of labels.entries()) {
    if (tracker.destroyed) return
    if (rows[index] === undefined) continue
    const { seeds, completed, leechers } = rows[index]
    tracker.client.emit('scrape', {
      announce: tracker.announceUrl,
      infoHash: label,
      complete: seeds,
      downloaded: completed,
      incomplete: leechers
    })
  }
}

function emitFailure(tracker, what, failure) {
  if (tracker.destroyed) return
  const { message, code, causeCode } = failure
  debug('UDP failure %s, %s: %s', tracker.announceUrl, code, message)
  const details = { ...failure, url: tracker.announceUrl }
  if (code === 'TRACKER_ERROR') {
    tracker.client.emit('warning', new TrackerError(message, code, details))
  } else if (code !== 'TIMEOUT') {
    warn(tracker, new TrackerError(THEIR_WORDS[causeCode] || message, code, details))
  } else if (what !== 'stopped') {
    // Nobody needs to know that `stopped` was not answered.
    warn(tracker, new TrackerError(`tracker request timed out (${what})`, code, details))
  }
}

function warn(tracker, error) {
  error.message += ` (${tracker.announceUrl})`
  tracker.client.emit('warning', error)
}

module.exports = UDPTracker
