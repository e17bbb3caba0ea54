'use strict'

// The way to the engine: commands are packed into one buffer and handed over once a tick, outcomes come back many at a
// call. What is written and read here, src/binding/commands.rs and outcomes.rs read and write: they change together.

const timers = require('timers')

const InFlight = require('./in-flight.js')

const ANNOUNCE = 1
const SCRAPE = 2
const CANCEL = 3
const TRACE = 4

const ANNOUNCED = 1
const SCRAPED = 2
const SENT = 4
const ANSWERED = 5

const FLAG_URL_DATA = 1
const FLAG_AUTHENTICATION = 2

const HEADER_LENGTH = 24
const ANNOUNCE_LENGTH = 78
const OUTBOX_LENGTH = 64 * 1024
// Longer than any batch the engine passes on.
const INBOX_LENGTH = 512 * 1024
const LONGEST_TIMER = 2 ** 31 - 1

const ENGINE_DIED = 'tracker engine has stopped'

const inFlight = new InFlight()

let session = null
let diagnostics = null
// Whether the engine has been asked to tell of datagrams.
let traced = false
let outbox = null
let outboxView = null
let used = 0
let flushing = false
// Whether the next turn of the event loop takes outcomes anyway.
let dispatching = false
let inbox = null
let inboxView = null
// Keeps the process alive while anything is in flight; nothing else of ours does.
let anchor = null
let lastUrl = null
let lastUrlBytes = null

// The addon is loaded by the first call that needs it: most of what loading this package costs.
function open() {
  const { Session } = require('./addon.js').load()
  session = new Session(wake)
  diagnostics = require('./diagnostics.js')
  resize(OUTBOX_LENGTH)
  inbox = Buffer.allocUnsafeSlow(INBOX_LENGTH)
  inboxView = new DataView(inbox.buffer)
  anchor = timers.setInterval(() => {}, LONGEST_TIMER)
  anchor.unref()
}

function resize(length) {
  outbox = Buffer.allocUnsafeSlow(length)
  outboxView = new DataView(outbox.buffer)
}

// Room for a record of this length; returns where it starts.
function reserve(length) {
  if (used + length > outbox.length) {
    if (used > 0) flush()
    if (length > outbox.length) resize(length)
  }
  if (!flushing) {
    flushing = true
    process.nextTick(flushTick)
  }
  const start = used
  used += length
  outboxView.setUint32(start, length, true)
  return start
}

function flushTick() {
  flushing = false
  if (used > 0) flush()
}

function flush() {
  const length = used
  used = 0
  try {
    session.submit(outbox, length)
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
  if (diagnostics.isWatched() !== traced) trace(!traced)
}

function trace(wanted) {
  traced = wanted
  const start = reserve(9)
  outboxView.setUint32(start + 4, wanted ? 1 : 0, true)
  outbox[start + 8] = TRACE
}

// Torrents bring anything as their announce URL. What is no string ends up in the error text that names it.
function urlText(url) {
  try {
    return String(url)
  } catch {
    return Object.prototype.toString.call(url)
  }
}

function urlBytes(url) {
  if (url !== lastUrl) {
    lastUrlBytes = Buffer.from(urlText(url))
    lastUrl = url
  }
  return lastUrlBytes
}

// Writes what announces and scrapes have in common; returns where the rest goes.
function writeHeader(start, request, kind, event, family, flags, timeout, url) {
  outboxView.setUint32(start + 4, request.number, true)
  outbox[start + 8] = kind
  outbox[start + 9] = event
  outbox[start + 10] = family
  outbox[start + 11] = flags
  outboxView.setFloat64(start + 12, timeout, true)
  outboxView.setUint32(start + 20, url.length, true)
  outbox.set(url, start + HEADER_LENGTH)
  return start + HEADER_LENGTH + url.length
}

function writeCounter(offset, counter) {
  if (typeof counter === 'bigint') {
    outboxView.setBigUint64(offset, counter, true)
  } else {
    outboxView.setUint32(offset, counter >>> 0, true)
    outboxView.setUint32(offset + 4, counter / 0x100000000, true)
  }
}

/**
 * Starts an announce. `request.onAnnounced(interval, leechers, seeds, peers)` or `request.onFailure(text, code)` is
 * called exactly once unless the request is cancelled.
 */
function announce(request, url, timeout, options, infoHash, peerId, port, event, counters) {
  enter(request)
  const bytes = urlBytes(url)
  const { auth } = options
  const authLength = auth === null ? 0 : 4 + auth.username.length + auth.password.length
  const start = reserve(HEADER_LENGTH + bytes.length + ANNOUNCE_LENGTH + authLength)
  const flags = (options.urlData ? FLAG_URL_DATA : 0) | (auth === null ? 0 : FLAG_AUTHENTICATION)
  let offset = writeHeader(start, request, ANNOUNCE, event, options.family, flags, timeout, bytes)
  outbox.set(infoHash, offset)
  outbox.set(peerId, offset + 20)
  writeCounter(offset + 40, counters.downloaded || 0)
  writeCounter(offset + 48, counters.left || 0)
  writeCounter(offset + 56, counters.uploaded || 0)
  outboxView.setUint32(offset + 64, options.ip, true)
  outboxView.setUint32(offset + 68, options.key, true)
  outboxView.setInt32(offset + 72, options.numWant, true)
  outbox.set(port, offset + 76)
  if (auth !== null) {
    offset += ANNOUNCE_LENGTH
    outboxView.setUint32(offset, auth.username.length, true)
    outbox.set(auth.username, offset + 4)
    outbox.set(auth.password, offset + 4 + auth.username.length)
  }
}

/** Starts a scrape of up to 70 info-hashes; `request.onScraped(rows)` gets three numbers for each. */
function scrape(request, url, timeout, family, infoHashes) {
  enter(request)
  const bytes = urlBytes(url)
  const start = reserve(HEADER_LENGTH + bytes.length + 20 * infoHashes.length)
  let offset = writeHeader(start, request, SCRAPE, 0, family, 0, timeout, bytes)
  for (const infoHash of infoHashes) {
    outbox.set(infoHash, offset)
    offset += 20
  }
}

/** Forgets a request: nothing is sent for it and nothing called. */
function cancel(request) {
  if (inFlight.get(request.number) !== request) return
  release(request.number)
  const start = reserve(9)
  outboxView.setUint32(start + 4, request.number, true)
  outbox[start + 8] = CANCEL
  // Not with the tick: an answer that comes in between would have the engine send the next datagram.
  flush()
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
