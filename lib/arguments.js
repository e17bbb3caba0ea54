'use strict'

// Checks of what applications pass in. A programmer's mistake throws here; what comes out of a torrent does not.

const EVENTS = {
  __proto__: null,
  0: 0,
  1: 1,
  2: 2,
  3: 3,
  none: 0,
  completed: 1,
  started: 2,
  stopped: 3
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

function shown(value) {
  return typeof value === 'string' || typeof value === 'symbol' ? String(value) : `${value}`
}

/** The number of an event given as a number or a word, or `undefined`. */
function eventNumber(event) {
  return typeof event === 'object' || typeof event === 'function' ? undefined : EVENTS[event]
}

/** 20 bytes as a Buffer; a string is taken in `encoding`. */
function twentyBytes(value, name, encoding) {
  let bytes
  if (Buffer.isBuffer(value)) {
    bytes = value
  } else if (typeof value === 'string') {
    bytes = Buffer.from(value, encoding)
  } else if (value instanceof Uint8Array) {
    bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  } else {
    throw new TypeError(`${name} must be a Buffer, a Uint8Array or a string, got ${kind(value)}`)
  }
  if (bytes.length !== 20) {
    throw new RangeError(`${name} must be 20 bytes long, got ${bytes.length}`)
  }
  return bytes
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
function port(value) {
  return value === undefined || value === null || value === ''
    ? 0
    : integer(fromString(value), 'opts.port', 0, 65535)
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

module.exports = {
  DEFAULT_TIMEOUT,
  announceOptions,
  counterProblem,
  eventNumber,
  optionsObject,
  port,
  portBytes,
  timeout,
  twentyBytes
}
