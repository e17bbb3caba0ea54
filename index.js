'use strict'

// The API of bittorrent-udp-tracker 1.x on the Rust engine: an EventEmitter for each torrent and tracker. Intervals are
// timers of JavaScript, because applications reach for them; everything else about a request is the engine's.

const { EventEmitter } = require('events')

const check = require('./lib/arguments.js')
const engine = require('./lib/engine.js')
const { LONGEST_TIMER } = require('./lib/event-loop.js')
const TrackerError = require('./lib/tracker-error.js')

// An announce of a tracker object: what `_socket` holds while it is in flight. It is read from the tracker at once, so
// that nothing of the application's runs between the checks and the engine.
class Announce {
  constructor(tracker, event, counters) {
    this.tracker = tracker
    this.number = 0
    this.context = null
    this.url = tracker.announceUrl
    this.options = tracker._options
    this.timeout = check.timeout(tracker._timeout, '_timeout')
    this.infoHash = check.infoHash(tracker.infoHash)
    this.peerId = check.peerId(tracker.peerId)
    this.port = check.portOf(tracker.port)
    this.event = event
    this.downloaded = counters.downloaded
    this.left = counters.left
    this.uploaded = counters.uploaded
  }

  get kind() {
    return 'announce'
  }

  onAnnounced(interval, leechers, seeds, peers) {
    const { tracker } = this
    tracker._socket = null
    tracker.interval = interval
    tracker._in_interval = true
    const wait = Math.min(Math.max(interval, 1) * 1000, LONGEST_TIMER)
    const timer = setTimeout(intervalIsOver, wait, tracker)
    if (timer.unref) timer.unref()
    tracker._announce_intervals_timeout.push(timer)
    tracker.emit('update', { leechers, seeds, peers })
  }

  onFailure({ message }) {
    this.tracker._socket = null
    this.tracker.emit('error', message)
  }
}

function UdpTracker(peerId, infoHash, announceUrl, opts) {
  EventEmitter.call(this)
  opts = check.optionsObject(opts, 'opts')

  this.infoHash = check.copyOf(check.infoHash(infoHash))
  this.peerId = check.copyOf(check.peerId(peerId))
  this.announceUrl = announceUrl
  this.opts = opts
  this.port = check.portBytes(check.port(opts.port))
  this.interval = null
  this.destoryed = false
  this._timeout = check.timeout(opts._timeout)
  this._options = check.announceOptions(opts)
  this._in_interval = false
  this._last_opts = null
  this._announce_intervals_timeout = []
  this._udpTimmers = []
  this._socket = null
  this._scrapes = null
}

Object.setPrototypeOf(UdpTracker.prototype, EventEmitter.prototype)
Object.setPrototypeOf(UdpTracker, EventEmitter)

UdpTracker.prototype.announce = function announce(event, opts) {
  if (this.destoryed) return
  opts = check.optionsObject(opts, 'opts')
  const problem = check.counterProblem(opts)
  if (problem !== null) throw problem
  if (!Object.isExtensible(opts)) opts = { ...opts }
  opts.event = event
  this._last_opts = opts

  if (this._in_interval && !opts.force) return this.emit('error', 'not calling announce')
  const number = check.eventNumber(event)
  if (number === undefined) return void this.emit('error', 'unknown event')

  const request = new Announce(this, number, check.counters(opts))
  stop(this)
  this._in_interval = false
  engine.announce(request)
  this._socket = request
}

UdpTracker.prototype.scrape = function scrape(infoHashes) {
  if (this.destoryed) return
  const { Scrape, hashesOf } = require('./lib/scrape.js')
  const hashes = hashesOf(infoHashes === undefined ? [this.infoHash] : infoHashes)
  if (this._scrapes === null) this._scrapes = new Set()
  const job = new Scrape(hashes, {
    onResult: (results) => {
      if (this._scrapes.delete(job)) this.emit('scrape', results)
    },
    onFailure: ({ message }) => {
      if (this._scrapes.delete(job)) this.emit('error', message)
    }
  })
  job.start(this.announceUrl, check.timeout(this._timeout, '_timeout'), this._options)
  this._scrapes.add(job)
}

UdpTracker.prototype.destroy = function destroy() {
  this.destoryed = true
  stop(this)
  if (this._scrapes !== null) {
    for (const job of this._scrapes) job.cancel()
    this._scrapes.clear()
  }
}

UdpTracker.prototype.destory = UdpTracker.prototype.destroy

// Ends what goes on: the announce in flight and the wait for the next one.
function stop(tracker) {
  for (const timer of tracker._announce_intervals_timeout) clearTimeout(timer)
  tracker._announce_intervals_timeout = []
  if (tracker._socket !== null) {
    engine.cancel(tracker._socket)
    tracker._socket = null
  }
}

function intervalIsOver(tracker) {
  tracker._in_interval = false
  const opts = tracker._last_opts
  // The application may have counted on in its object and gone wrong. Nobody could catch what is thrown from here.
  const problem = check.counterProblem(opts)
  if (problem !== null) tracker.emit('error', problem.message)
  else tracker.announce(opts.event, opts)
}

// Loaded by those who use them.
UdpTracker.announce = (url, opts) => require('./lib/promises.js').announce(url, opts)
UdpTracker.scrape = (url, infoHashes, opts) =>
  require('./lib/promises.js').scrape(url, infoHashes, opts)
UdpTracker.stats = () => require('./lib/promises.js').stats()
UdpTracker.TrackerError = TrackerError

module.exports = UdpTracker
