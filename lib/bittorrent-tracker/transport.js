'use strict'

// Which way the requests of a tracker go: what `patch` or its client was told. What cannot be followed ends the request, and
// nothing goes any other way.

const TrackerError = require('../tracker-error.js')

/** On a prototype of trackers: the transport that `patch` was given. */
const TRANSPORT = Symbol('transport')

const isGiven = (value) => value !== undefined && value !== null

/** The transport of a tracker, not checked yet; `undefined` without one. Throws a TrackerError for a proxy that is none. */
function transportOf(tracker) {
  const { _transport: own, _proxyOpts: proxyOpts } = tracker.client
  const transport = isGiven(own) ? own : tracker[TRANSPORT]
  const socksProxy = isGiven(proxyOpts) ? proxyOpts.socksProxy : undefined
  if (!isGiven(socksProxy) || socksProxy === false) return transport
  return { ...transport, proxy: proxyOf(socksProxy) }
}

// bittorrent-tracker passes on what the package socks takes, in the words of its first or its second version.
function proxyOf(socksProxy) {
  if (typeof socksProxy === 'string') return socksProxy
  const { proxy } = socksProxy
  const { type, host, ipaddress = host, port, authentication, userId, password } = Object(proxy)
  if (type !== 5) throw unusable(`is of type ${type}, and only 5 relays UDP`)
  if (!ipaddress) throw unusable('has no ipaddress')
  const { username = userId, ...secret } = Object(authentication)
  return { host: ipaddress, port: Number(port), username, password: secret.password || password }
}

function unusable(what) {
  return new TrackerError(`proxyOpts.socksProxy.proxy ${what}`, 'NETWORK')
}

module.exports = { TRANSPORT, transportOf }
