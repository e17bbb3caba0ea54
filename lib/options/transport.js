// `transport`: the way out that an application chose, checked and packed for the engine. What is packed here,
// src/records/transports.rs reads: they change together.
'use strict'

const lookUps = require('../engine/look-ups.js')
const { kind, outOfRange, refuseUnknown, wrongType } = require('./errors.js')
const isIP = require('./is-ip.js')

const DEFAULT_PROXY_PORT = 1080
// RFC 1929: each has one byte for its length.
const LONGEST_CREDENTIAL = 255
const LONGEST_NAME = 255

const OPTIONS = new Set(['localAddress', 'interface', 'proxy', 'lookup'])
const PROXY_OPTIONS = new Set(['host', 'port', 'username', 'password', 'dns'])

const isGiven = (value) => value !== undefined && value !== null

// What an option, or a part of one, is called in errors.
const ofTransport = (...names) => ['transport', ...names].join('.')

function object(value, name, options) {
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw wrongType(
      `${name} must be an object, got ${Array.isArray(value) ? 'array' : kind(value)}`
    )
  }
  refuseUnknown(value, options, name)
  return value
}

function text(value, name, longest) {
  if (typeof value !== 'string') throw wrongType(`${name} must be a string, got ${kind(value)}`)
  const length = Buffer.byteLength(value)
  if (length === 0 || length > longest || value.includes('\0')) {
    throw outOfRange(`${name} must be 1 to ${longest} bytes long, got ${length}`)
  }
  return value
}

function localAddresses(value, name) {
  if (!isGiven(value)) return ['', '']
  const addresses = Array.isArray(value) ? value : [value]
  const found = { 4: '', 6: '' }
  for (const address of addresses) {
    if (typeof address !== 'string') {
      throw wrongType(`${name} must be a string or an array of strings, got ${kind(address)}`)
    }
    const family = isIP(address)
    if (family === 0) throw outOfRange(`${name} is not an IP address: ${address.slice(0, 100)}`)
    if (found[family] !== '') throw outOfRange(`${name} has two IPv${family} addresses`)
    found[family] = address
  }
  if (addresses.length === 0) throw outOfRange(`${name} has no address`)
  return [found[4], found[6]]
}

function parsedProxy(value, name) {
  const invalid = (reason) => outOfRange(`${name} is not valid: ${reason}`)
  let url
  try {
    url = new URL(value)
  } catch {
    throw invalid('it must be socks5://host:port or socks5h://host:port')
  }
  const { protocol, hostname, port, username, password, pathname, search, hash } = url
  if (protocol !== 'socks5:' && protocol !== 'socks5h:')
    throw invalid(`unknown scheme ${protocol}//`)
  if ((pathname !== '' && pathname !== '/') || search !== '' || hash !== '') {
    throw invalid('it must end with the port')
  }
  const plain = (word) => {
    try {
      return word === '' ? undefined : decodeURIComponent(word)
    } catch {
      throw invalid('user name and password must be percent-encoded')
    }
  }
  return {
    host: hostname,
    port: port === '' ? DEFAULT_PROXY_PORT : Number(port),
    username: plain(username),
    password: plain(password),
    dns: protocol === 'socks5h:' ? 'remote' : 'local'
  }
}

function proxyOf(value, nameOf) {
  if (!isGiven(value)) return { host: '', port: 0, username: '', password: '', dns: undefined }
  const whole = nameOf('proxy')
  const options =
    typeof value === 'string' ? parsedProxy(value, whole) : object(value, whole, PROXY_OPTIONS)
  const { host, port, username, password, dns } = options
  const name = (part) => nameOf('proxy', part)
  if (typeof port !== 'number')
    throw wrongType(`${name('port')} must be a number, got ${kind(port)}`)
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw outOfRange(`${name('port')} must be a whole number from 1 to 65535, got ${port}`)
  }
  if (isGiven(dns) && dns !== 'remote' && dns !== 'local') {
    throw outOfRange(`${name('dns')} must be 'remote' or 'local'`)
  }
  if (isGiven(password) && !isGiven(username)) {
    throw wrongType(`${name('password')} is there without ${name('username')}`)
  }
  return {
    host: hostOf(text(host, name('host'), LONGEST_NAME), name('host')),
    port,
    username: isGiven(username) ? text(username, name('username'), LONGEST_CREDENTIAL) : '',
    password: isGiven(password) ? text(password, name('password'), LONGEST_CREDENTIAL) : '',
    dns: isGiven(dns) ? dns : undefined
  }
}

function hostOf(host, name) {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  if (isIP(bare) === 0 && /[^\w.-]/.test(bare)) {
    throw outOfRange(`${name} is not a host: ${host.slice(0, 100)}`)
  }
  return bare
}

function lookupOf(value) {
  if (!isGiven(value)) return null
  if (typeof value !== 'function') {
    throw wrongType(`transport.lookup must be a function, got ${kind(value)}`)
  }
  return value
}

/** A checked `transport`: `bytes` for the engine. Whoever holds it keeps the application's look-up alive. */
class Transport {
  constructor(texts, port, remote, lookup) {
    this.lookup = lookup
    const bytes = texts.map((word) => Buffer.from(word))
    const packed = Buffer.alloc(bytes.reduce((sum, word) => sum + 2 + word.length, 7))
    let offset = 0
    for (const word of bytes) {
      packed.writeUInt16LE(word.length, offset)
      packed.set(word, offset + 2)
      offset += 2 + word.length
    }
    packed.writeUInt16LE(port, offset)
    packed[offset + 2] = remote ? 1 : 0
    packed.writeUInt32LE(lookup === null ? 0 : lookUps.numberOf(lookup), offset + 3)
    this.bytes = packed
  }
}

/**
 * The transport of `opts.transport`; `null` without one. Throws a TypeError or a RangeError for what cannot be one, in which
 * `nameOf(option, part)` names an option, or a part of it.
 */
function transportOf(value, nameOf = ofTransport) {
  if (!isGiven(value)) return null
  const { localAddress, interface: device, proxy, lookup } = object(value, 'transport', OPTIONS)
  const [v4, v6] = localAddresses(localAddress, nameOf('localAddress'))
  const name = isGiven(device) ? text(device, nameOf('interface'), LONGEST_NAME) : ''
  const { host, port, username, password, dns } = proxyOf(proxy, nameOf)
  const ownLookup = lookupOf(lookup)
  if (ownLookup !== null && dns === 'remote' && typeof proxy !== 'string') {
    throw wrongType("transport.lookup and transport.proxy.dns 'remote' exclude each other")
  }
  const texts = [v4, v6, name, host, username, password]
  if (texts.every((word) => word === '') && ownLookup === null) return null
  // An object's host names are the proxy's to resolve unless it says otherwise.
  const remote = host !== '' && ownLookup === null && dns !== 'local'
  return new Transport(texts, port, remote, ownLookup)
}

module.exports = { transportOf }
