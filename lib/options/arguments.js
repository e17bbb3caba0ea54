// Checks of what applications pass in. A programmer's mistake throws here; what comes out of a torrent does not.
//
// What is the application's is read once, before it is checked, and what has been checked is what is used: a getter or a
// Proxy may say something else the next time.
'use strict'

const { isUint8Array } = require('node:util').types

const { kind, outOfRange, refuseUnknown, shown, wrongType } = require('./errors.js')
const isIP = require('./is-ip.js')
const { transportOf } = require('./transport.js')

/** The numbers of the events, by number and by word. */
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
  urlData: true,
  transport: null
})

/** The options of calls that have no other. */
const TIMEOUT_ALONE = new Set(['timeout'])

const DEFAULT_TIMEOUT = 15000
const MOST = 2n ** 64n - 1n

const HASH_LENGTH = 20
const HASH_LENGTH_V2 = 32
const HEX = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i

const TypedArray = Object.getPrototypeOf(Uint8Array)
const uncurried = (method) => Function.prototype.call.bind(method)

/** Whether it is a Uint8Array, a Buffer for example, of this realm or another. */
const isBytes = isUint8Array

// Not what an object says of itself: a subclass may say anything.
const lengthOf = uncurried(Object.getOwnPropertyDescriptor(TypedArray.prototype, 'length').get)

const quoted = (value) => (typeof value === 'string' ? `'${shown(value)}'` : shown(value))

/** The number of an event given as a number or a word, 0 if there is none; an unknown one throws. */
function knownEvent(event) {
  if (!isGiven(event)) return 0
  const isPlain = typeof event !== 'object' && typeof event !== 'function'
  const number = isPlain ? EVENTS[event] : undefined
  if (number !== undefined) return number
  const choices = 'none, completed, started, stopped, paused, or 0 to 4'
  throw outOfRange(`unknown event: got ${quoted(event)}, not one of ${choices}`)
}

/** The 20 bytes of an info-hash; of a longer one of BEP 52 its first 20, which is what goes over the wire. */
function infoHash(value, name = 'infoHash') {
  if (typeof value === 'string') {
    if (!HEX.test(value)) {
      const got = `${quoted(value)}, ${value.length} characters`
      throw outOfRange(`${name} is not 40 digits of hex, nor the 64 of BEP 52: got ${got}`)
    }
    return Buffer.from(value, 'hex').subarray(0, HASH_LENGTH)
  }
  const length = bytesOf(value, name)
  if (length !== HASH_LENGTH && length !== HASH_LENGTH_V2) {
    throw outOfRange(`${name} must be 20 bytes long, or the 32 of BEP 52, got ${length}`)
  }
  return length === HASH_LENGTH ? value : firstTwenty(value)
}

/** The 20 bytes of a peer ID. */
function peerId(value) {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  const length = bytesOf(bytes, 'peerId')
  if (length !== 20) throw outOfRange(`peerId must be 20 bytes long, got ${length}`)
  return bytes
}

// How many bytes there are; throws if the value is not bytes.
function bytesOf(value, name) {
  if (isBytes(value)) return lengthOf(value)
  throw wrongType(`${name} must be a Buffer, a Uint8Array or a string, got ${kind(value)}`)
}

/** 20 bytes in a Buffer of one's own. */
function copyOf(bytes) {
  const copy = Buffer.allocUnsafe(20)
  copy.set(bytes)
  return copy
}

function firstTwenty(bytes) {
  return copyOf(Buffer.from(bytes).subarray(0, 20))
}

/** The text of an announce URL. It comes from a torrent and may be anything; what is not a string ends up in the error text that names it. */
function urlText(value) {
  if (typeof value === 'string') return value
  try {
    // The objects of `url.parse` have no text but this.
    return String(Object(value).href || value)
  } catch {
    return kind(value)
  }
}

/** An options object, `{}` if there is none; with `known`, one that has no other options than these. */
function optionsObject(value, name, known) {
  if (!value) return {}
  if (typeof value !== 'object') throw wrongType(`${name} must be an object, got ${kind(value)}`)
  if (known !== undefined) refuseUnknown(value, known, name)
  return value
}

function integer(value, name, least, most) {
  if (typeof value !== 'number') {
    throw wrongType(`${name} must be a number, got ${kind(value)}`)
  }
  if (!Number.isInteger(value) || value < least || value > most) {
    throw outOfRange(`${name} must be a whole number from ${least} to ${most}, got ${value}`)
  }
  return value
}

// Numbers in strings, as from the environment or a form, were as good as numbers in 1.x for its two options.
function fromString(value) {
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : value
}

/** A port, 0 if there is none. */
function port(value, name = 'opts.port') {
  return isGiven(value) && value !== '' ? integer(fromString(value), name, 0, 65535) : 0
}

/** A port that has to be given: most trackers refuse a peer at port 0, which is what none would be. */
function requiredPort(value) {
  if (isGiven(value) && value !== '') return port(value)
  throw wrongType('opts.port must be given: the port that this peer listens on')
}

/** The port that a tracker object's field holds: the two bytes of the wire, or a number. */
function portOf(value) {
  if (!isBytes(value)) return port(value, 'port')
  const length = lengthOf(value)
  if (length !== 2) throw outOfRange(`port must be 2 bytes long, got ${length}`)
  return (value[0] << 8) | value[1]
}

/** A port as the two bytes of the wire. */
function portBytes(port) {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeUInt16BE(port, 0)
  return bytes
}

/**
 * Milliseconds: the default for none and for 0, as in 1.x; less than one counts as one, as with any timer. The first
 * retransmission comes after twice `_timeout` at the latest.
 */
function timeout(value, name = 'opts._timeout') {
  if (!isGiven(value) || value === 0) return DEFAULT_TIMEOUT
  const number = fromString(value)
  if (typeof number !== 'number') throw wrongType(`${name} must be a number, got ${kind(value)}`)
  if (!(number > 0 && number < Infinity)) {
    throw outOfRange(`${name} must be a positive number of milliseconds, got ${shown(value)}`)
  }
  return Math.max(number, 1)
}

// Others take 0 or Infinity for no limit, or for none of their own. Here every call ends.
const REASONS = {
  __proto__: null,
  0: ': leave it out for the default',
  Infinity: ': 2147483647, 24 days, is as long as a timer can be'
}

/** Milliseconds of a time limit, `none` if it is not given. */
function limit(value, none = DEFAULT_TIMEOUT) {
  if (!isGiven(value)) return none
  const number = fromString(value)
  if (typeof number !== 'number')
    throw wrongType(`opts.timeout must be a number, got ${kind(value)}`)
  if (!(number > 0 && number < Infinity)) {
    const got = `${shown(value)}${REASONS[number] || ''}`
    throw outOfRange(`opts.timeout must be a positive number of milliseconds, got ${got}`)
  }
  return Math.max(number, 1)
}

const numWantOf = (value) => integer(value, 'opts.numWant', -1, 2 ** 31 - 1)
const keyOf = (value) => integer(value, 'opts.key', 0, 2 ** 32 - 1)

function ipv4(value) {
  if (typeof value !== 'string') {
    throw wrongType(`opts.ip must be the text of an IPv4 address, got ${kind(value)}`)
  }
  if (isIP(value) !== 4) {
    throw outOfRange(`opts.ip must be the text of an IPv4 address, got ${shown(value)}`)
  }
  return value.split('.').reduce((bits, octet) => bits * 256 + Number(octet), 0)
}

function credentials(value) {
  if (typeof value !== 'object') {
    throw wrongType(`opts.auth must be {username, password}, got ${kind(value)}`)
  }
  const text = (name) => {
    const given = value[name]
    if (typeof given !== 'string') {
      throw wrongType(`opts.auth.${name} must be a string, got ${kind(given)}`)
    }
    return Buffer.from(given)
  }
  const auth = { username: text('username'), password: text('password') }
  if (auth.username.length > 255) {
    throw outOfRange(
      `opts.auth.username must be at most 255 bytes long, got ${auth.username.length}`
    )
  }
  return auth
}

function familyOf(value) {
  if (value !== 0 && value !== 4 && value !== 6) {
    throw outOfRange(`opts.family must be 0, 4 or 6, or 'both' for announces, got ${shown(value)}`)
  }
  return value
}

// A tracker that is asked over both families knows by the key that the two are one (BEP 7 has nothing better).
let processKey = null

/** The options of an announce over each of the families, in the order IPv4, IPv6. */
function optionsOfBoth(opts) {
  const { numWant, key, ip, auth, urlData, transport } = opts
  if (processKey === null) processKey = require('node:crypto').randomBytes(4).readUInt32LE(0)
  const options = { numWant, key: isGiven(key) ? key : processKey, ip, auth, urlData, transport }
  const checked = announceOptions(options)
  return [4, 6].map((family) => ({ ...checked, family }))
}

/** A switch, off if it is not given. */
function flag(value, name) {
  if (!isGiven(value)) return false
  if (typeof value !== 'boolean') throw wrongType(`${name} must be a boolean, got ${kind(value)}`)
  return value
}

function isGiven(value) {
  return value !== undefined && value !== null
}

/** The options of a tracker object's announces; an array of two if they go over both families. */
function objectOptions(opts) {
  return opts.family === 'both' ? optionsOfBoth(opts) : announceOptions(opts)
}

/** Such options with what one announce has of its own. */
function optionsOfOne(options, { numWant, key, ip }) {
  if (!isGiven(numWant) && !isGiven(key) && !isGiven(ip)) return options
  const own = {}
  if (isGiven(numWant)) own.numWant = numWantOf(numWant)
  if (isGiven(key)) own.key = keyOf(key)
  if (isGiven(ip)) own.ip = ipv4(ip)
  const merged = (each) => ({ ...each, ...own })
  return Array.isArray(options) ? options.map(merged) : merged(options)
}

/** The options of an announce; trackers that set none of them share one object. */
function announceOptions(opts) {
  const { numWant, key, ip, family, auth, urlData, transport } = opts
  const isSome = isGiven(numWant) || isGiven(key) || isGiven(ip) || isGiven(family)
  if (!isSome && !isGiven(auth) && !isGiven(urlData) && !isGiven(transport)) return DEFAULTS
  return {
    numWant: isGiven(numWant) ? numWantOf(numWant) : DEFAULTS.numWant,
    key: isGiven(key) ? keyOf(key) : DEFAULTS.key,
    ip: isGiven(ip) ? ipv4(ip) : DEFAULTS.ip,
    family: isGiven(family) ? familyOf(family) : DEFAULTS.family,
    auth: isGiven(auth) ? credentials(auth) : DEFAULTS.auth,
    urlData: isGiven(urlData) ? Boolean(urlData) : DEFAULTS.urlData,
    transport: transportOf(transport)
  }
}

/** Those of them that a scrape has. */
function scrapeOptions({ family, transport }) {
  return announceOptions({ family, transport })
}

/** The function of the option `onProgress`, or `null`. */
function progressListener({ onProgress }) {
  if (!isGiven(onProgress)) return null
  if (typeof onProgress !== 'function') throw wrongType('opts.onProgress must be a function')
  return onProgress
}

/** A counter of an announce, `none` if it is not given. */
function counter(name, value, none) {
  if (!isGiven(value)) return none
  if (typeof value === 'number' ? Number.isSafeInteger(value) && value >= 0 : isBig(value)) {
    return value
  }
  if (value === Infinity && name === 'left') return null
  const range = 'a whole number from 0 to 2^53 - 1 or a BigInt below 2^64'
  throw outOfRange(`opts.${name} must be ${range}, got ${shown(value)}`)
}

function isBig(value) {
  return typeof value === 'bigint' && value >= 0n && value <= MOST
}

/** The counters of an announce; `left` is `null` if it is not known, which is so unless it is given. */
function counters({ downloaded, left, uploaded }) {
  return {
    downloaded: counter('downloaded', downloaded, 0),
    left: counter('left', left, null),
    uploaded: counter('uploaded', uploaded, 0)
  }
}

module.exports = {
  EVENTS,
  TIMEOUT_ALONE,
  announceOptions,
  copyOf,
  counters,
  flag,
  infoHash,
  isBytes,
  isGiven,
  knownEvent,
  limit,
  objectOptions,
  optionsOfOne,
  optionsOfBoth,
  optionsObject,
  peerId,
  port,
  portBytes,
  portOf,
  progressListener,
  requiredPort,
  scrapeOptions,
  timeout,
  urlText
}
