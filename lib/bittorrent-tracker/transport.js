// Which way the requests of a tracker go, as its client or `patch` was told. It fails closed: a proxy that cannot be used ends
// the request, and nothing is sent directly.
'use strict'

const TrackerError = require('../api/tracker-error.js')

/** On a prototype of trackers: the transport that `patch` was given. */
const TRANSPORT = Symbol('transport')
/** The same of its option `family`. */
const FAMILY = Symbol('family')

// A URL whose host is an address, and so of one family.
const HAS_ADDRESS = /^udp:\/\/(?:\[|[\d.]+(?:[:/?#]|$))/i

const DISPATCHER =
  'socksProxy is a dispatcher, which does not tell its proxy: pass it as {proxy: {type: 5, host, port}} or socks5://host:port'

const isGiven = (value) => value !== undefined && value !== null

/** The transport of a tracker, not checked yet; `undefined` without one. Throws a TrackerError for an unusable proxy. */
function transportOf(tracker) {
  const { _transport: own, _proxyOpts: proxyOpts } = tracker.client
  const transport = isGiven(own) ? own : tracker[TRANSPORT]
  const socksProxy = isGiven(proxyOpts) ? proxyOpts.socksProxy : undefined
  if (!isGiven(socksProxy) || socksProxy === false) return transport
  return { ...transport, proxy: proxyOf(socksProxy) }
}

// `socksProxy` is what the package socks takes; versions 1 and 2 of it name the fields differently.
function proxyOf(socksProxy) {
  if (typeof socksProxy === 'string') return socksProxy
  // undici's, as fetch-socks makes them, for `http:` trackers.
  if (typeof socksProxy.dispatch === 'function') throw unusable(DISPATCHER)
  const { proxy } = socksProxy
  const { type, host, ipaddress = host, port, authentication, userId, password } = Object(proxy)
  if (type !== 5) throw unusable(`socksProxy.proxy is of type ${type}, and only 5 relays UDP`)
  if (!ipaddress) throw unusable('socksProxy.proxy has no ipaddress')
  const { username = userId, ...secret } = Object(authentication)
  return {
    host: ipaddress,
    port: Number(port),
    // The agents of socks-proxy-agent have empty texts for what is not there.
    username: username || undefined,
    password: secret.password || password || undefined
  }
}

function unusable(what) {
  return new TrackerError(`proxyOpts.${what}`, 'NETWORK')
}

/** Over which family the announces of a tracker go: as its client says, or `patch`, or the environment; else over both. */
function familyOf(tracker) {
  const { _family: own } = tracker.client
  const byItself = HAS_ADDRESS.test(tracker.announceUrl) ? 0 : 'both'
  return [own, tracker[FAMILY], familyOfProcess(), byItself].find(isGiven)
}

function familyOfProcess() {
  const text = process.env.BITTORRENT_UDP_TRACKER_FAMILY
  return text === undefined || text === '' || text === 'both' ? text || undefined : Number(text)
}

module.exports = { FAMILY, TRANSPORT, familyOf, transportOf }
