'use strict'

// The API of bittorrent-udp-tracker 1.x on the Rust engine: an EventEmitter for each torrent and tracker. Intervals are
// timers of JavaScript, because applications reach for them; everything else about a request is the engine's.

const { EventEmitter } = require('events')

const check = require('./lib/options/arguments.js')
const { LONGEST_TIMER } = require('./lib/engine/event-loop.js')
const TrackerError = require('./lib/api/tracker-error.js')

const NOT_CALLING = 'not calling announce'
const UNKNOWN_EVENT = 'unknown event'

let started = null

// Loaded by those who announce: it is half of what `require` of this package would cost.
function engine() {
  if (started === null) started = require('./lib/engine/engine.js')
  return started
}

// An announce of a tracker object: what `_socket` holds while it is in flight.
class Announce {
  constructor(tracker, event, counters) {
    // First all is read, then all is checked: a getter may do anything to what has been read.
    const { announceUrl, infoHash, peerId, port, _timeout } = tracker
    this.tracker = tracker
    this.number = 0
    this.context = null
    this.url = check.urlText(announceUrl)
    this.options = tracker._options
    this.timeout = check.timeout(_timeout, '_timeout')
    this.infoHash = check.infoHash(infoHash)
    this.peerId = check.peerId(peerId)
    this.port = check.portOf(port)
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
  this._last_event = undefined
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
  // All that is the application's is read before anything is changed: whatever throws leaves no trace.
  let isWritten, request
  try {
    const counters = check.counters(opts)
    const isHeld = this._in_interval && !opts.force
    isWritten = write(opts, event)
    request = isHeld ? NOT_CALLING : requestOf(this, event, counters)
  } catch (error) {
    refusal = { error }
    throw error
  }

  this._last_opts = opts
  this._last_event = isWritten ? undefined : event
  if (typeof request === 'string') return this.emit('error', request)
  engine().announce(request)
  stop(this)
  this._in_interval = false
  this._socket = request
}

// What to send, or the text of the error.
function requestOf(tracker, event, counters) {
  const number = check.eventNumber(event)
  return number === undefined ? UNKNOWN_EVENT : new Announce(tracker, number, counters)
}

// Writes the event into an application's object. One that does not take it, being frozen or having a getter, is kept all
// the same, since the application counts in it: returns whether it took it.
function write(opts, event) {
  try {
    opts.event = event
    return true
  } catch {
    return Reflect.set(opts, 'event', event)
  }
}

UdpTracker.prototype.scrape = function scrape(infoHashes) {
  if (this.destoryed) return
  const { Scrape, hashesOf } = require('./lib/api/scrape.js')
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
  job.start(
    check.urlText(this.announceUrl),
    check.timeout(this._timeout, '_timeout'),
    this._options
  )
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
  const request = tracker._socket
  tracker._socket = null
  if (request !== null) engine().cancel(request)
  const timers = tracker._announce_intervals_timeout
  if (timers.length === 0) return
  tracker._announce_intervals_timeout = []
  for (const timer of timers) clearTimeout(timer)
}

// What reading the application's objects last threw.
let refusal = { error: undefined }

// The application may have counted on in its object and gone wrong. Nobody could catch what is thrown from here.
function intervalIsOver(tracker) {
  tracker._in_interval = false
  const { _last_event: event, _last_opts: opts } = tracker
  const before = refusal
  try {
    tracker.announce(event === undefined ? eventOf(opts) : event, opts)
  } catch (error) {
    if (refusal === before || refusal.error !== error) throw error
    tracker.emit('error', textOf(error))
  }
}

function eventOf(opts) {
  try {
    return opts.event
  } catch (error) {
    refusal = { error }
    throw error
  }
}

function textOf(error) {
  try {
    return String(error.message) || String(error)
  } catch {
    return 'cannot read opts'
  }
}

// Loaded by those who use them.
const promises = () => require('./lib/api/promises.js')

UdpTracker.announce = function announce(url, opts) {
  return promises().announce(url, opts, announce)
}

UdpTracker.scrape = function scrape(url, infoHashes, opts) {
  return promises().scrape(url, infoHashes, opts, scrape)
}

// Typed as `events.once` cannot be.
UdpTracker.once = EventEmitter.once
UdpTracker.drain = (opts) => promises().drain(opts)
UdpTracker.stats = () => promises().stats()
UdpTracker.TrackerError = TrackerError

module.exports = UdpTracker
