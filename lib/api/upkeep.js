// What keeps the torrent of a tracker object announced: its announces, the timers between them, and what follows from how each
// announce ends. The timers are the application's own, because applications reach for them.
'use strict'

const check = require('../options/arguments.js')
const { whenAborted } = require('../options/abort.js')
const version1 = require('../options/version-1.js')
const { LONGEST_TIMER } = require('../engine/event-loop.js')
const Announce = require('./announce.js')
const BothFamilies = require('./both-families.js')
const retry = require('./retry.js')

const NOT_CALLING = 'not calling announce'
const UNKNOWN_EVENT = 'unknown event'

const { started: STARTED, completed: COMPLETED, stopped: STOPPED } = check.EVENTS

// The tracker whose interval has ended just now, until its `announce` has been called. Nobody could catch what that throws,
// and the torrent is to stay announced: what cannot be sent of `opts` counts as not known, and is told by `error`.
let due = null

function announce(tracker, event, opts) {
  const refused = due === tracker ? [] : null
  due = null
  opts = version1.optionsObject(opts)
  // All that is the application's is read before anything is changed: whatever throws leaves no trace.
  const counters = version1.counters(opts, refused)
  const isHeld = tracker._in_interval && !opts.force
  const options = patient(refused, tracker._options, () =>
    check.optionsOfOne(tracker._options, opts)
  )
  const isWritten = patient(refused, false, () => write(opts, event))
  const number = numberOf(event, refused)
  let request = null
  if (!isHeld && number !== undefined) {
    try {
      request = requestOf(tracker, options, number, counters, tracker._plan.timeout, ROUND)
    } catch (error) {
      if (refused === null) throw error
      clear(tracker)
      return fail(tracker, { message: textOf(error) })
    }
  }

  tracker._last_opts = opts
  tracker._last_event = isWritten ? undefined : event
  if (isHeld) return tracker.emit('error', NOT_CALLING)
  if (request === null) return tracker.emit('error', UNKNOWN_EVENT)
  request.start()
  end(tracker)
  tracker._in_interval = false
  tracker._socket = request
  if (refused !== null && refused.length > 0) tracker.emit('error', textOf(refused[0]))
}

// What `read` gives; where the interval has ended, `otherwise` for what throws.
function patient(refused, otherwise, read) {
  try {
    return read()
  } catch (error) {
    if (refused === null) throw error
    refused.push(error)
    return otherwise
  }
}

function numberOf(event, refused) {
  const number = version1.eventNumber(event)
  if (number !== undefined || refused === null) return number
  refused.push(UNKNOWN_EVENT)
  return check.EVENTS.none
}

function requestOf(tracker, options, event, counters, time, to) {
  // First all is read, then all is checked: a getter may do anything to what has been read.
  const { announceUrl, infoHash, peerId, port, _timeout, _own: own } = tracker
  const asked = {
    url: check.urlText(announceUrl),
    timeout: check.timeout(_timeout, '_timeout'),
    infoHash:
      own !== null && infoHash === own.infoHash ? own.infoHashCopy : check.infoHash(infoHash),
    peerId: own !== null && peerId === own.peerId ? own.peerIdCopy : check.peerId(peerId),
    port: check.portOf(port),
    event,
    downloaded: counters.downloaded,
    left: counters.left,
    uploaded: counters.uploaded
  }
  if (!Array.isArray(options)) return new Announce(asked, options, time, to, tracker)
  return new BothFamilies(to, tracker, (both) => {
    return options.map((each) => new Announce(asked, each, time, both, tracker))
  })
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

// Who hears of the end of a tracker object's announces. `_socket` holds what is in flight.
const ROUND = {
  announced(request, { interval, leechers, seeds, peers }) {
    const { owner: tracker, to: both } = request
    const update = { leechers, seeds, peers }
    if (both === ROUND) {
      tracker._socket = null
      waitForInterval(tracker, request.event, interval)
    } else {
      if (both.isOver) tracker._socket = null
      if (both.isLongest(interval)) waitForInterval(tracker, request.event, interval)
      update.family = request.options.family
    }
    tracker.emit('update', update)
  },

  failed(request, failure) {
    fail(request.owner, failure)
  },

  ended(both) {
    if (both.owner._socket === both) both.owner._socket = null
  }
}

// `events: 'once'`: what has been said is not said again at the end of the interval, unless the application has said
// something else since.
function sayOnce(tracker, event) {
  if (event !== STARTED && event !== COMPLETED) return
  if (version1.eventNumber(eventOf(tracker)) !== event) return
  tracker._last_event = write(tracker._last_opts, 'none') ? undefined : 'none'
}

function eventOf({ _last_event: event, _last_opts: opts }) {
  try {
    return event === undefined ? opts.event : event
  } catch {
    return undefined
  }
}

function waitForInterval(tracker, event, interval) {
  const { jitter, minInterval, once, retry: isRetried } = tracker._plan
  clear(tracker)
  tracker.interval = interval
  if (isRetried) Object.assign(tracker, { failures: 0, lastError: null })
  if (once) sayOnce(tracker, event)
  if (once && event === STOPPED) return
  tracker._in_interval = true
  const wait = 1000 * Math.max(interval, minInterval) * (1 + jitter * Math.random())
  schedule(tracker, Math.min(wait, LONGEST_TIMER))
}

function fail(tracker, failure) {
  tracker._socket = null
  if (tracker._plan.retry) retryLater(tracker, failure)
  tracker.emit('error', failure.message)
}

function retryLater(tracker, failure) {
  tracker.failures++
  tracker.lastError = failure.message
  const wait = retry.waitAfter(failure, tracker.failures, tracker.interval)
  if (wait === null) return
  schedule(tracker, wait)
  retry.wait(tracker, (sooner) => {
    clear(tracker)
    schedule(tracker, sooner)
  })
}

function schedule(tracker, wait) {
  const timer = setTimeout(announceAgain, wait, tracker)
  if (!tracker._plan.keepAlive && timer.unref) timer.unref()
  tracker._announce_intervals_timeout.push(timer)
  if (tracker._plan.retry) tracker.nextAnnounce = new Date(Date.now() + wait)
}

// As a call of the application's would, so that a subclass hears of it.
function announceAgain(tracker) {
  tracker._in_interval = false
  const event = eventOf(tracker)
  due = tracker
  try {
    tracker.announce(event, tracker._last_opts)
  } finally {
    due = null
  }
}

/** Ends what goes on: the announce in flight and the wait for the next one. */
function end(tracker) {
  const request = tracker._socket
  tracker._socket = null
  if (request !== null) request.cancel()
  clear(tracker)
}

function clear(tracker) {
  if (tracker._plan.retry) {
    retry.forget(tracker)
    tracker.nextAnnounce = null
  }
  const timers = tracker._announce_intervals_timeout
  if (timers.length === 0) return
  tracker._announce_intervals_timeout = []
  for (const timer of timers) clearTimeout(timer)
}

/**
 * Says `stopped` and destroys the tracker: resolves to whether the tracker has answered, `time` milliseconds later at the
 * latest. Nothing is emitted from here on.
 */
function stop(tracker, time) {
  const { _socket: inFlight } = tracker
  if (tracker.destoryed) return inFlight === null ? Promise.resolve(false) : inFlight.promise
  end(tracker)
  tracker.destoryed = true
  const farewell = new Farewell(tracker)
  tracker._socket = farewell
  try {
    farewell.start(time)
  } catch {
    farewell.cancel()
  }
  return farewell.promise
}

// The announce of `stopped`.
class Farewell {
  constructor(tracker) {
    this.owner = tracker
    this.request = null
    this.isAnswered = false
    this.promise = new Promise((resolve) => {
      this.resolve = resolve
    })
  }

  start(time) {
    const { owner } = this
    const refused = []
    const opts = owner._last_opts || {}
    const options = patient(refused, owner._options, () => check.optionsOfOne(owner._options, opts))
    const nobody = check.optionsOfOne(options, { numWant: 0 })
    this.request = requestOf(owner, nobody, STOPPED, version1.counters(opts, refused), time, this)
    this.request.start()
  }

  announced(request) {
    this.isAnswered = true
    if (request === this.request) this.ended()
  }

  failed() {
    this.ended()
  }

  cancel() {
    if (this.request !== null) this.request.cancel()
    this.ended()
  }

  ended() {
    const { owner } = this
    owner._socket = null
    try {
      owner.destroy()
    } finally {
      this.resolve(this.isAnswered)
    }
  }
}

/** Destroys the tracker when the signal is aborted. */
function watch(tracker, signal) {
  if (signal.aborted) {
    tracker.destoryed = true
    tracker.destroyed = true
    return
  }
  const forget = whenAborted(signal, () => tracker.destroy())
  Object.defineProperty(tracker, '_forgetSignal', { value: forget, writable: true })
}

function textOf(error) {
  try {
    return String(error.message || error)
  } catch {
    return 'cannot read opts'
  }
}

module.exports = { announce, end, stop, watch }
