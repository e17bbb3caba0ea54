// What the tracker object takes, which is what version 1.2.0 took: what it announced is announced with the same bytes, and
// what made it crash or send nonsense throws. The promises are stricter: lib/options/arguments.js.
'use strict'

const check = require('./arguments.js')
const { kind, outOfRange, shown, wrongType } = require('./errors.js')

const MOST = 2n ** 64n - 1n

/**
 * The Buffer that a tracker's field holds for an info-hash or a peer ID: the caller's own if it is one. `bytesOf` is the
 * check of its kind; texts of `encoding` are its business.
 */
function bytes(value, name, encoding, bytesOf) {
  if (typeof value === 'object' && value !== null && !check.isBytes(value)) {
    value = bytesIn(value, name, encoding)
  }
  const checked = bytesOf(value, name)
  return Buffer.isBuffer(checked) ? checked : check.copyOf(checked)
}

// An array of bytes, an ArrayBuffer, a Buffer that has been JSON, a String object.
function bytesIn(value, name, encoding) {
  try {
    return Buffer.from(value, encoding)
  } catch {
    throw wrongType(`${name} must be a Buffer, a Uint8Array or a string, got ${kind(value)}`)
  }
}

const infoHash = (value) => bytes(value, 'infoHash', 'hex', check.infoHash)
const peerId = (value) => bytes(value, 'peerId', 'utf8', check.peerId)

// The latest copy of a peer ID: the torrents of an application have one, and nobody else gets hold of it.
let latestPeerId = Buffer.alloc(20)

/**
 * Copies of those of the two that are a caller's own Buffers, which may come to hold something else; `null` if neither is.
 * They count for as long as the fields hold the same Buffers.
 */
function ownBytes(infoHash, givenInfoHash, peerId, givenPeerId) {
  if (infoHash !== givenInfoHash && peerId !== givenPeerId) return null
  if (!latestPeerId.equals(peerId)) latestPeerId = check.copyOf(peerId)
  return { infoHash, infoHashCopy: check.copyOf(infoHash), peerId, peerIdCopy: latestPeerId }
}

// As arithmetic has it, which is how a port and a time-out were used.
function number(value, name) {
  try {
    return +value
  } catch {
    throw wrongType(`${name} must be a number, got ${kind(value)}`)
  }
}

/** A port, cut to whole; 0 for what is falsy or no number. */
function port(value) {
  if (!value) return 0
  const given = number(value, 'opts.port')
  if (given < 0 || given > 65535) {
    throw outOfRange(`opts.port must be a whole number from 0 to 65535, got ${shown(value)}`)
  }
  return Math.trunc(given) || 0
}

/** `_timeout`, in milliseconds. */
function timeout(value) {
  return check.timeout(value ? number(value, 'opts._timeout') : undefined)
}

/** An options object, which may be a function as well. */
function optionsObject(value) {
  return typeof value === 'function' ? value : check.optionsObject(value, 'opts')
}

/** The number of an event, or `undefined`. An object counts as the text that it is. */
function eventNumber(event) {
  try {
    return check.EVENTS[event]
  } catch {
    return undefined
  }
}

/**
 * The counters of an announce as they are now; `left` is `null` if it is not known. A wrong one throws, or, with `refused`,
 * goes there and counts as not known.
 */
function counters(opts, refused) {
  const read = (name, unknown) => {
    try {
      return counter(name, opts[name])
    } catch (error) {
      if (refused === null) throw error
      refused.push(error)
      return unknown
    }
  }
  return {
    downloaded: read('downloaded', 0),
    left: read('left', null),
    uploaded: read('uploaded', 0)
  }
}

// What is falsy is 0, and what a BigInt can be made of is its number.
function counter(name, value) {
  if (!value) return 0
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && value > 0) return value
    if (value === Infinity && name === 'left') return null
  } else {
    const big = bigIn(value)
    if (big !== undefined && big >= 0n && big <= MOST) return big
  }
  const range = 'a whole number from 0 to 2^53 - 1 or a BigInt below 2^64'
  throw outOfRange(`opts.${name} must be ${range}, got ${shown(value)}`)
}

function bigIn(value) {
  try {
    return BigInt(value)
  } catch {
    return undefined
  }
}

module.exports = { counters, eventNumber, infoHash, optionsObject, ownBytes, peerId, port, timeout }
