// Commands for the engine, packed into one buffer that is handed over once a tick. What is written here,
// src/records/commands.rs reads: they change together.
//
// A record counts once it is committed: whatever throws while it is written leaves nothing behind.
'use strict'

const { afterThis } = require('./event-loop.js')

const ANNOUNCE = 1
const SCRAPE = 2
const CANCEL = 3
const TRACE = 4
const FOUND = 5
const GIVE_UP = 6
const CONNECT = 7
const PREFERENCES = 8

const FLAG_URL_DATA = 1
const FLAG_AUTHENTICATION = 2
const FLAG_RETRANSMIT = 4

const HEADER_LENGTH = 28
const ANNOUNCE_LENGTH = 78
const SHORTEST_LENGTH = 9
const BUFFER_LENGTH = 64 * 1024

// No tracker has a longer URL: it is not kept.
const LONGEST_KEPT_URL = 8192

let submit = null
let buffer = null
let view = null
let used = 0
let flushing = false
let lastUrl = null
let lastUrlBytes = null

/** From now on `onRecords(buffer, length)` gets what is written. */
function open(onRecords) {
  submit = onRecords
  resize(BUFFER_LENGTH)
}

function resize(length) {
  buffer = Buffer.allocUnsafeSlow(length)
  view = new DataView(buffer.buffer)
}

// Makes room for a record of this length, and returns where it starts.
function roomFor(length) {
  if (used + length > buffer.length) {
    flush()
    if (length > buffer.length) resize(length)
  }
  return used
}

// The record that `roomFor` was asked for is written.
function commit(length) {
  view.setUint32(used, length, true)
  used += length
  if (!flushing) {
    flushing = true
    afterThis(flushTick)
  }
}

function flushTick() {
  flushing = false
  flush()
}

function flush() {
  if (used === 0) return
  const length = used
  used = 0
  submit(buffer, length)
  // One very long URL must not keep as much memory for ever.
  if (buffer.length > BUFFER_LENGTH) resize(BUFFER_LENGTH)
}

function urlBytes(url) {
  if (url === lastUrl) return lastUrlBytes
  const bytes = Buffer.from(url)
  if (bytes.length <= LONGEST_KEPT_URL) {
    lastUrl = url
    lastUrlBytes = bytes
  }
  return bytes
}

// Writes what all requests have in common; returns where the rest goes.
function writeHeader(start, request, kind, event, flags, url) {
  view.setUint32(start + 4, request.number, true)
  buffer[start + 8] = kind
  buffer[start + 9] = event
  buffer[start + 10] = request.options.family
  buffer[start + 11] = flags
  view.setFloat64(start + 12, request.timeout, true)
  view.setUint32(start + 20, url.length, true)
  buffer.set(url, start + HEADER_LENGTH)
  const { transport } = request.options
  view.setUint32(start + 24, transportLength(transport), true)
  if (transport !== null) buffer.set(transport.bytes, start + HEADER_LENGTH + url.length)
  return start + HEADER_LENGTH + url.length + transportLength(transport)
}

const transportLength = (transport) => (transport === null ? 0 : transport.bytes.length)

// BEP 15 knows no "not known": 2^64 - 1 is what libtorrent sends for it.
function writeCounter(offset, counter) {
  if (typeof counter === 'bigint') {
    view.setBigUint64(offset, counter, true)
  } else if (counter === null) {
    view.setUint32(offset, 0xffffffff, true)
    view.setUint32(offset + 4, 0xffffffff, true)
  } else {
    view.setUint32(offset, counter >>> 0, true)
    view.setUint32(offset + 4, counter / 0x100000000, true)
  }
}

/** An announce. */
function announce(request) {
  const url = urlBytes(request.url)
  const { auth, ip, key, numWant, transport, urlData } = request.options
  const authLength = auth === null ? 0 : 4 + auth.username.length + auth.password.length
  const length =
    HEADER_LENGTH + url.length + transportLength(transport) + ANNOUNCE_LENGTH + authLength
  const flags = (urlData ? FLAG_URL_DATA : 0) | (auth === null ? 0 : FLAG_AUTHENTICATION)
  const start = roomFor(length)
  let offset = writeHeader(start, request, ANNOUNCE, request.event, flags, url)
  // In this order: memory that is shared with other threads may have grown by now, and what is too much of one field is
  // overwritten by the next.
  buffer.set(request.infoHash, offset)
  buffer.set(request.peerId, offset + 20)
  writeCounter(offset + 40, request.downloaded)
  writeCounter(offset + 48, request.left)
  writeCounter(offset + 56, request.uploaded)
  view.setUint32(offset + 64, ip, true)
  view.setUint32(offset + 68, key, true)
  view.setInt32(offset + 72, numWant, true)
  view.setUint16(offset + 76, request.port, true)
  if (auth !== null) {
    offset += ANNOUNCE_LENGTH
    view.setUint32(offset, auth.username.length, true)
    buffer.set(auth.username, offset + 4)
    buffer.set(auth.password, offset + 4 + auth.username.length)
  }
  commit(length)
}

/** A scrape. */
function scrape(request) {
  const url = urlBytes(request.url)
  const { infoHashes, options } = request
  const length = HEADER_LENGTH + url.length + transportLength(options.transport) + infoHashes.length
  const start = roomFor(length)
  buffer.set(infoHashes, writeHeader(start, request, SCRAPE, 0, 0, url))
  commit(length)
}

/** A connect. */
function connect(request) {
  headerAlone(request, CONNECT, request.retransmit ? FLAG_RETRANSMIT : 0)
}

/** What a tracker's host says of its trackers. */
function preferences(request) {
  headerAlone(request, PREFERENCES, 0)
}

function headerAlone(request, kind, flags) {
  const url = urlBytes(request.url)
  const length = HEADER_LENGTH + url.length + transportLength(request.options.transport)
  const start = roomFor(length)
  writeHeader(start, request, kind, 0, flags, url)
  commit(length)
}

// A record without a header of its own.
function short(number, kind) {
  const start = roomFor(SHORTEST_LENGTH)
  view.setUint32(start + 4, number, true)
  buffer[start + 8] = kind
  commit(SHORTEST_LENGTH)
}

/** The request of this number is no longer wanted. */
function cancel(number) {
  short(number, CANCEL)
  // Not with the tick: an answer that comes in between would have the engine send the next datagram.
  flush()
}

/** The request of this number has taken `timeout` milliseconds, which is too long: it is to fail with where it is. */
function giveUp(number, timeout) {
  // By itself: the portable engine lets what lies in its sockets come before it.
  flush()
  const length = SHORTEST_LENGTH + 8
  const start = roomFor(length)
  view.setUint32(start + 4, number, true)
  buffer[start + 8] = GIVE_UP
  view.setFloat64(start + SHORTEST_LENGTH, timeout, true)
  commit(length)
  flush()
}

/** What an application's look-up found: addresses with commas between them. */
function found(number, addresses) {
  answer(number, true, Buffer.from(addresses))
}

/** Why an application's look-up found none: the code of its error, '' without one, and words. */
function notFound(number, code, text) {
  const bytes = Buffer.from(code)
  answer(number, false, Buffer.concat([Buffer.from([bytes.length]), bytes, Buffer.from(text)]))
}

function answer(number, isFound, bytes) {
  const length = SHORTEST_LENGTH + 1 + bytes.length
  const start = roomFor(length)
  view.setUint32(start + 4, number, true)
  buffer[start + 8] = FOUND
  buffer[start + 9] = isFound ? 1 : 0
  buffer.set(bytes, start + SHORTEST_LENGTH + 1)
  commit(length)
}

/** Whether the engine is to tell of datagrams. */
function trace(wanted) {
  short(wanted ? 1 : 0, TRACE)
}

module.exports = {
  announce,
  cancel,
  connect,
  found,
  giveUp,
  notFound,
  open,
  preferences,
  scrape,
  trace
}
