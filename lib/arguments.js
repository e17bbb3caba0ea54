'use strict'

// Checks of what applications pass in. A programmer's mistake throws here; what comes out of a torrent does not.

const { isUint8Array } = require('util').types

const TypedArray = Object.getPrototypeOf(Uint8Array)
const uncurried = (method) => Function.prototype.call.bind(method)

const HEX = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i
// How much of a wrong argument its error shows.
const SHOWN = 100

const EVENTS = {
  __proto__: null,
  0: 0,
  1: 1,
  2: 2,
  3: 3,
  4: 4,
  none: 0,
  completed: 1,
  started: 2,
  stopped: 3,
  paused: 4
}

const DEFAULTS = Object.freeze({
  numWant: 50,
  key: 0,
  ip: 0,
  family: 0,
  auth: null,
  urlData: true
})

const DEFAULT_TIMEOUT = 15000
const MOST = 2n ** 64n - 1n

// A wrong argument for an error text: whatever it is, this does not throw.
function shown(value) {
  const text =
    typeof value === 'object' || typeof value === 'function' ? kind(value) : String(value)
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
}

/** The number of an event given as a number or a word, or `undefined`. */
function eventNumber(event) {
  return typeof event === 'object' || typeof event === 'function' ? undefined : EVENTS[event]
}

/** Whether it is a Uint8Array, a Buffer for example, of this realm or another. */
const isBytes = isUint8Array

// Not what an object says of itself: a subclass may say anything.
const lengthOf = uncurried(Object.getOwnPropertyDescriptor(TypedArray.prototype, 'length').get)

/** The 20 bytes of an info-hash; of a longer one of BEP 52 its first 20, which is what goes over the wire. */
function infoHash(value, name = 'infoHash') {
  if (typeof value === 'string') {
    if (!HEX.test(value)) {
      throw new RangeError(
        `${name} is not 40 digits of hex, nor the 64 of BEP 52: ${shown(value)} (${value.length} characters)`
      )
    }
    return Buffer.from(value, 'hex').subarray(0, 20)
  }
  if (!isBytes(value)) {
    throw new TypeError(`${name} must be a Buffer, a Uint8Array or a string, got ${kind(value)}`)
  }
  const length = lengthOf(value)
  if (length !== 20 && length !== 32) {
    throw new RangeError(`${name} must be 20 bytes long, or the 32 of BEP 52, got ${length}`)
  }
  return length === 20 ? value : firstTwenty(value)
}

/** The 20 bytes of a peer ID. */
function peerId(value) {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  if (!isBytes(bytes)) {
    throw new TypeError(`peerId must be a Buffer, a Uint8Array or a string, got ${kind(value)}`)
  }
  const length = lengthOf(bytes)
  if (length !== 20) throw new RangeError(`peerId must be 20 bytes long, got ${length}`)
  return bytes
}

/** The first 20 bytes in a Buffer of their own. */
function firstTwenty(bytes) {
  const copy = Buffer.allocUnsafe(20)
  for (let i = 0; i < 20; i++) copy[i] = bytes[i]
  return copy
}

function kind(value) {
  return value === null ? 'null' : typeof value
}

/** An options object, `{}` if there is none. */
function optionsObject(value, name) {
  if (!value) return {}
  if (typeof value !== 'object')
    throw new TypeError(`${name} must be an object, got ${kind(value)}`)
  return value
}

function integer(value, name, least, most) {
  if (typeof value !== 'number') {
    throw new TypeError(`${name} must be a number, got ${kind(value)}`)
  }
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}, got ${value}`)
  }
  return value
}

// Numbers in strings, as from the environment or a form, were as good as numbers in 1.x for its two options.
function fromString(value) {
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : value
}

/** A port, 0 if there is none. */
function port(value, name = 'opts.port') {
  return value === undefined || value === null || value === ''
    ? 0
    : integer(fromString(value), name, 0, 65535)
}

/** The port that a tracker object's field holds: the two bytes of the wire, or a number. */
function portOf(value) {
  if (!isBytes(value)) return port(value, 'port')
  if (lengthOf(value) !== 2) {
    throw new RangeError(`port must be 2 bytes long, got ${lengthOf(value)}`)
  }
  return (value[0] << 8) | value[1]
}

/** A port as the two bytes of the wire. */
function portBytes(port) {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeUInt16BE(port, 0)
  return bytes
}

/** Milliseconds, `standard` if there are none; the first retransmission comes after twice `_timeout`. */
function timeout(value, name = 'opts._timeout', standard = DEFAULT_TIMEOUT) {
  if (value === undefined || value === null || value === 0) return standard
  const number = fromString(value)
  if (typeof number !== 'number')
    throw new TypeError(`${name} must be a number, got ${kind(value)}`)
  if (!(number > 0 && number < Infinity)) {
    throw new RangeError(`${name} must be a positive number of milliseconds, got ${shown(value)}`)
  }
  return number
}

function ipv4(value) {
  if (typeof value !== 'string') {
    throw new TypeError(`opts.ip must be the text of an IPv4 address, got ${kind(value)}`)
  }
  // Loaded for the few who set it: it is half of what `require` of this package would cost.
  if (!require('net').isIPv4(value)) {
    throw new RangeError(`opts.ip must be the text of an IPv4 address, got ${value}`)
  }
  return value.split('.').reduce((bits, octet) => bits * 256 + Number(octet), 0)
}

function credentials(value) {
  if (typeof value !== 'object') {
    throw new TypeError(`opts.auth must be {username, password}, got ${kind(value)}`)
  }
  const text = (name) => {
    if (typeof value[name] !== 'string') {
      throw new TypeError(`opts.auth.${name} must be a string, got ${kind(value[name])}`)
    }
    return Buffer.from(value[name])
  }
  const auth = { username: text('username'), password: text('password') }
  if (auth.username.length > 255) {
    throw new RangeError(
      `opts.auth.username must be at most 255 bytes long, got ${auth.username.length}`
    )
  }
  return auth
}

function family(value) {
  if (value !== 0 && value !== 4 && value !== 6) {
    throw new RangeError(`opts.family must be 0, 4 or 6, got ${shown(value)}`)
  }
  return value
}

const isGiven = (value) => value !== undefined && value !== null

/** The options of an announce; trackers that set none of them share one object. */
function announceOptions(opts) {
  const { numWant, key, ip, auth, urlData } = opts
  if (![numWant, key, ip, opts.family, auth, urlData].some(isGiven)) return DEFAULTS
  return {
    numWant: isGiven(numWant)
      ? integer(numWant, 'opts.numWant', -1, 2 ** 31 - 1)
      : DEFAULTS.numWant,
    key: isGiven(key) ? integer(key, 'opts.key', 0, 2 ** 32 - 1) : DEFAULTS.key,
    ip: isGiven(ip) ? ipv4(ip) : DEFAULTS.ip,
    family: isGiven(opts.family) ? family(opts.family) : DEFAULTS.family,
    auth: isGiven(auth) ? credentials(auth) : DEFAULTS.auth,
    urlData: isGiven(urlData) ? Boolean(urlData) : DEFAULTS.urlData
  }
}

function isCounter(value) {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0
  if (typeof value === 'bigint') return value >= 0n && value <= MOST
  return value === undefined || value === null
}

function counterError(name, value) {
  const range = 'a whole number from 0 to 2^53 - 1 or a BigInt below 2^64'
  return new RangeError(`opts.${name} must be ${range}, got ${shown(value)}`)
}

/** What is wrong with the counters of an announce, or `null`. */
function counterProblem({ downloaded, left, uploaded }) {
  if (!isCounter(downloaded)) return counterError('downloaded', downloaded)
  if (!isCounter(left)) return counterError('left', left)
  if (!isCounter(uploaded)) return counterError('uploaded', uploaded)
  return null
}

/** The counters of an announce as they are now. */
function counters({ downloaded, left, uploaded }) {
  return {
    downloaded: downloaded || 0,
    left: left === undefined ? 0 : left,
    uploaded: uploaded || 0
  }
}

module.exports = {
  DEFAULT_TIMEOUT,
  announceOptions,
  copyOf: firstTwenty,
  counterProblem,
  counters,
  eventNumber,
  infoHash,
  isBytes,
  optionsObject,
  peerId,
  port,
  portBytes,
  portOf,
  timeout
}
