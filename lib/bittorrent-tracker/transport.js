'use strict'

// Which way the requests of a tracker go: what its client, or `patch`, was told. Whatever cannot be followed ends the
// request, and nothing goes any other way.

/** On a prototype: the transport that `patch` was given. */
const TRANSPORT = Symbol('transport')

const isThere = (value) => value !== undefined && value !== null && value !== false

/** The transport of a tracker, `undefined` for the way of the whole process. Throws an Error that says what is wrong with it. */
function transportOf(tracker) {
  const { client } = tracker
  const transport = isThere(client._transport) ? client._transport : tracker[TRANSPORT]
  const proxy = client._proxyOpts ? client._proxyOpts.socksProxy : undefined
  if (isThere(proxy))
    throw new Error('requests through a SOCKS proxy are not possible: none was sent')
  if (isThere(transport))
    throw new Error('requests with a transport are not possible: none was sent')
  return undefined
}

module.exports = { TRANSPORT, transportOf }
