'use strict'

// The way to the engine and back: requests go out as packed commands, outcomes come many at a call. What is read here,
// src/binding/outcomes.rs writes: they change together.

const timers = require('timers')

const commands = require('./commands.js')
const InFlight = require('./in-flight.js')

const ANNOUNCED = 1
const SCRAPED = 2
const SENT = 4
const ANSWERED = 5

// Longer than any batch the engine passes on.
const INBOX_LENGTH = 512 * 1024
const LONGEST_TIMER = 2 ** 31 - 1

const ENGINE_DIED = 'tracker engine has stopped'

const inFlight = new InFlight()

let session = null
let diagnostics = null
// Whether the engine has been asked to tell of datagrams.
let traced = false
// Whether the next turn of the event loop takes outcomes anyway.
let dispatching = false
let inbox = null
let inboxView = null
// Keeps the process alive while anything is in flight; nothing else of ours does.
let anchor = null

// The addon is loaded by the first call that needs it: most of what loading this package costs.
function open() {
  const { Session } = require('./addon.js').load()
  session = new Session(wake)
  diagnostics = require('./diagnostics.js')
  commands.open(submit)
  inbox = Buffer.allocUnsafeSlow(INBOX_LENGTH)
  inboxView = new DataView(inbox.buffer)
  anchor = timers.setInterval(() => {}, LONGEST_TIMER)
  anchor.unref()
}

function submit(records, length) {
  try {
    session.submit(records, length)
  } catch (error) {
    // No thread, no memory: every request in flight hears of it, and not from within the call that made it.
    process.nextTick(failAll, error.message)
  }
}

function failAll(text) {
  const failed = inFlight.removeAll()
  anchor.unref()
  for (const request of failed) deliver(() => fail(request, text, 'NETWORK'))
}

function enter(request) {
  if (session === null) open()
  request.number = inFlight.add(request)
  if (inFlight.size === 1) anchor.ref()
  if (diagnostics.isWatched() !== traced) {
    traced = !traced
    commands.trace(traced)
  }
}

/**
 * Starts an announce. `request.onAnnounced(interval, leechers, seeds, peers)` or `request.onFailure(text, code)` is
 * called exactly once unless the request is cancelled.
 */
function announce(request, url, timeout, options, infoHash, peerId, port, event, counters) {
  enter(request)
  commands.announce(request, url, timeout, options, infoHash, peerId, port, event, counters)
}

/** Starts a scrape of up to 70 info-hashes; `request.onScraped(rows)` gets three numbers for each. */
function scrape(request, url, timeout, family, infoHashes) {
  enter(request)
  commands.scrape(request, url, timeout, family, infoHashes)
}

/** Forgets a request: nothing is sent for it and nothing called. */
function cancel(request) {
  if (inFlight.get(request.number) !== request) return
  release(request.number)
  commands.cancel(request.number)
}

function release(number) {
  inFlight.remove(number)
  if (inFlight.size === 0) anchor.unref()
}

// Called by the engine when there are outcomes, a thousand times in one turn of the event loop if there are always more.
function wake() {
  if (!dispatching) dispatch()
}

// One buffer of outcomes a turn of the event loop: timers and sockets of the application get theirs in between.
function dispatch() {
  dispatching = false
  const length = session.take(inbox)
  if (length < 0) return failAll(ENGINE_DIED)
  let offset = 0
  while (offset < length) {
    const end = offset + inboxView.getUint32(offset, true)
    const number = inboxView.getUint32(offset + 4, true)
    const request = inFlight.get(number)
    if (inbox[offset + 8] >= SENT) {
      report(request, offset, end)
      offset = end
      continue
    }
    // A request cancelled while its outcome was on the way has none.
    if (request !== undefined) {
      release(number)
      try {
        deliverRecord(request, offset, end)
      } catch (error) {
        // A listener threw: that is the application's, as with any emitter, and must not cost others their outcome.
        process.nextTick(raise, error)
      }
    }
    offset = end
  }
  if (length > 0) {
    dispatching = true
    setImmediate(dispatch)
  }
}

// Tells of a datagram.
function report(request, offset, end) {
  const kind = inbox[offset + 9]
  const subject = kind === 0 ? undefined : request
  const attempt = inboxView.getUint32(offset + 12, true)
  const address = inbox.latin1Slice(offset + 24, end)
  if (inbox[offset + 8] === ANSWERED) {
    const roundTrip = inboxView.getFloat64(offset + 16, true)
    diagnostics.answered(subject, kind, attempt, address, roundTrip)
  } else {
    diagnostics.sent(subject, kind, attempt, address)
  }
}

function fail(request, text, code) {
  diagnostics.failed(request, text, code)
  request.onFailure(text, code)
}

function raise(error) {
  throw error
}

function deliver(callback) {
  try {
    callback()
  } catch (error) {
    process.nextTick(raise, error)
  }
}

const CODES = ['TRACKER_ERROR', 'TIMEOUT', 'BAD_RESPONSE', 'DNS', 'BAD_URL', 'NETWORK']

function deliverRecord(request, offset, end) {
  const body = offset + 12
  switch (inbox[offset + 8]) {
    case ANNOUNCED: {
      const text = inbox.latin1Slice(body + 12, end)
      request.onAnnounced(
        inboxView.getUint32(body, true),
        inboxView.getUint32(body + 4, true),
        inboxView.getUint32(body + 8, true),
        text === '' ? [] : text.split(',')
      )
      break
    }
    case SCRAPED: {
      const rows = []
      for (let at = body; at < end; at += 4) rows.push(inboxView.getUint32(at, true))
      request.onScraped(rows)
      break
    }
    default:
      fail(request, inbox.utf8Slice(body, end), CODES[inbox[offset + 9]])
  }
}

/** The engine's counters by name. */
function stats() {
  if (session === null) open()
  return session.stats()
}

module.exports = { announce, scrape, cancel, stats }
