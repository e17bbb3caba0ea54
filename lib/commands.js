'use strict'

// Commands for the engine, packed into one buffer that is handed over once a tick. What is written here,
// src/binding/commands.rs reads: they change together.

const ANNOUNCE = 1
const SCRAPE = 2
const CANCEL = 3
const TRACE = 4

const FLAG_URL_DATA = 1
const FLAG_AUTHENTICATION = 2

const HEADER_LENGTH = 24
const ANNOUNCE_LENGTH = 78
const SHORTEST_LENGTH = 9
const BUFFER_LENGTH = 64 * 1024

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

// Room for a record of this length; returns where it starts.
function reserve(length) {
  if (used + length > buffer.length) {
    flush()
    if (length > buffer.length) resize(length)
  }
  if (!flushing) {
    flushing = true
    process.nextTick(flushTick)
  }
  const start = used
  used += length
  view.setUint32(start, length, true)
  return start
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
  view.setUint32(start + 4, request.number, true)
  buffer[start + 8] = kind
  buffer[start + 9] = event
  buffer[start + 10] = family
  buffer[start + 11] = flags
  view.setFloat64(start + 12, timeout, true)
  view.setUint32(start + 20, url.length, true)
  buffer.set(url, start + HEADER_LENGTH)
  return start + HEADER_LENGTH + url.length
}

function writeCounter(offset, counter) {
  if (typeof counter === 'bigint') {
    view.setBigUint64(offset, counter, true)
  } else {
    view.setUint32(offset, counter >>> 0, true)
    view.setUint32(offset + 4, counter / 0x100000000, true)
  }
}

/** An announce; `port` is the two bytes of the wire. */
function announce(request, url, timeout, options, infoHash, peerId, port, event, counters) {
  const bytes = urlBytes(url)
  const { auth } = options
  const authLength = auth === null ? 0 : 4 + auth.username.length + auth.password.length
  const start = reserve(HEADER_LENGTH + bytes.length + ANNOUNCE_LENGTH + authLength)
  const flags = (options.urlData ? FLAG_URL_DATA : 0) | (auth === null ? 0 : FLAG_AUTHENTICATION)
  let offset = writeHeader(start, request, ANNOUNCE, event, options.family, flags, timeout, bytes)
  buffer.set(infoHash, offset)
  buffer.set(peerId, offset + 20)
  writeCounter(offset + 40, counters.downloaded || 0)
  writeCounter(offset + 48, counters.left || 0)
  writeCounter(offset + 56, counters.uploaded || 0)
  view.setUint32(offset + 64, options.ip, true)
  view.setUint32(offset + 68, options.key, true)
  view.setInt32(offset + 72, options.numWant, true)
  buffer.set(port, offset + 76)
  if (auth !== null) {
    offset += ANNOUNCE_LENGTH
    view.setUint32(offset, auth.username.length, true)
    buffer.set(auth.username, offset + 4)
    buffer.set(auth.password, offset + 4 + auth.username.length)
  }
}

/** A scrape of up to 70 info-hashes. */
function scrape(request, url, timeout, family, infoHashes) {
  const bytes = urlBytes(url)
  const start = reserve(HEADER_LENGTH + bytes.length + 20 * infoHashes.length)
  let offset = writeHeader(start, request, SCRAPE, 0, family, 0, timeout, bytes)
  for (const infoHash of infoHashes) {
    buffer.set(infoHash, offset)
    offset += 20
  }
}

// A record without a header of its own.
function short(number, kind) {
  const start = reserve(SHORTEST_LENGTH)
  view.setUint32(start + 4, number, true)
  buffer[start + 8] = kind
}

/** The request of this number is no longer wanted. */
function cancel(number) {
  short(number, CANCEL)
  // Not with the tick: an answer that comes in between would have the engine send the next datagram.
  flush()
}

/** Whether the engine is to tell of datagrams. */
function trace(wanted) {
  short(wanted ? 1 : 0, TRACE)
}

module.exports = { announce, cancel, open, scrape, trace }
