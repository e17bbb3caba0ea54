// The API of bittorrent-udp-tracker 1.x on the Rust engine: an EventEmitter for each torrent and tracker, and the promises.
'use strict'

const { EventEmitter } = require('node:events')

const promises = require('./lib/api/promises.js')
const { scrapeFor } = require('./lib/api/scrape.js')
const TrackerError = require('./lib/api/tracker-error.js')
const upkeep = require('./lib/api/upkeep.js')
const check = require('./lib/options/arguments.js')
const { planOf, signalOf } = require('./lib/options/plan.js')
const version1 = require('./lib/options/version-1.js')

function UdpTracker(peerId, infoHash, announceUrl, opts) {
  EventEmitter.call(this)
  opts = opts || {}
  const signal = signalOf(opts)

  this.infoHash = version1.infoHash(infoHash)
  this.peerId = version1.peerId(peerId)
  this.announceUrl = announceUrl
  this.opts = opts
  this.port = check.portBytes(version1.port(opts.port))
  this.interval = null
  this.destoryed = false
  this._timeout = version1.timeout(opts._timeout)
  this._own = version1.ownBytes(this.infoHash, infoHash, this.peerId, peerId)
  this._options = check.objectOptions(opts)
  this._plan = planOf(opts)
  this._in_interval = false
  this._last_opts = null
  this._last_event = undefined
  this._announce_intervals_timeout = []
  this._udpTimmers = []
  this._socket = null
  this._scrapes = null
  if (signal !== undefined) upkeep.watch(this, signal)
}

Object.setPrototypeOf(UdpTracker.prototype, EventEmitter.prototype)
Object.setPrototypeOf(UdpTracker, EventEmitter)

// What only some trackers have of their own. Subclasses may have fields of these names.
for (const [name, value] of Object.entries({
  destroyed: false,
  failures: 0,
  lastError: null,
  nextAnnounce: null,
  _forgetSignal: null
})) {
  Object.defineProperty(UdpTracker.prototype, name, { value, writable: true, configurable: true })
}

UdpTracker.prototype.announce = function announce(event, opts) {
  if (!this.destoryed) return upkeep.announce(this, event, opts)
}

UdpTracker.prototype.stop = async function stop(opts) {
  const { timeout } = check.optionsObject(opts, 'opts', check.TIMEOUT_ALONE)
  return upkeep.stop(this, check.limit(timeout))
}

UdpTracker.prototype.scrape = function scrape(infoHashes) {
  if (!this.destoryed) scrapeFor(this, infoHashes)
}

UdpTracker.prototype.destroy = function destroy() {
  this.destoryed = true
  this.destroyed = true
  upkeep.end(this)
  if (this._forgetSignal !== null) this._forgetSignal()
  if (this._scrapes !== null) {
    for (const job of this._scrapes) job.cancel()
    this._scrapes.clear()
  }
}

UdpTracker.prototype.destory = UdpTracker.prototype.destroy

UdpTracker.announce = function announce(url, opts) {
  return promises.announce(url, opts, announce)
}

UdpTracker.ping = function ping(url, opts) {
  return promises.ping(url, opts, ping)
}

UdpTracker.scrape = function scrape(url, infoHashes, opts) {
  return promises.scrape(url, infoHashes, opts, scrape)
}

UdpTracker.scrape.stream = promises.scrapeStream

// Typed as `events.once` cannot be.
UdpTracker.once = EventEmitter.once
UdpTracker.drain = promises.drain
UdpTracker.stats = promises.stats
UdpTracker.TrackerError = TrackerError
UdpTracker.UdpTracker = UdpTracker

module.exports = UdpTracker
