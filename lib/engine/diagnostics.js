// What goes over the wire and what is decided, on channels of Node's diagnostics_channel, and with
// NODE_DEBUG=bittorrent-udp-tracker on standard error. The engine reports it only while somebody watches; the rest of the time
// all of this costs a few comparisons for each request.
'use strict'

const { channel } = require('node:diagnostics_channel')
const { debuglog } = require('node:util')

const channels = {
  send: channel('bittorrent-udp-tracker:send'),
  retransmission: channel('bittorrent-udp-tracker:retransmission'),
  answer: channel('bittorrent-udp-tracker:answer'),
  decision: channel('bittorrent-udp-tracker:decision'),
  error: channel('bittorrent-udp-tracker:error')
}

const debug = debuglog('bittorrent-udp-tracker')

// On Bun what `debuglog` returns has no `enabled`.
const isNamed =
  process.versions.bun !== undefined &&
  /(^|,)bittorrent-udp-tracker(,|$)/i.test(process.env.NODE_DEBUG || '')

/** Whether NODE_DEBUG names this package. */
const isDebugged = () => debug.enabled ?? isNamed

const hexOf = (bytes) => Buffer.from(bytes).toString('hex')

function subject(request) {
  if (request === undefined) return { url: null, infoHash: null }
  const { url, infoHash } = request
  return { url, infoHash: infoHash === null ? null : hexOf(infoHash) }
}

/** Whether anybody wants to know of datagrams and decisions. */
function isWatched() {
  const { send, retransmission, answer, decision } = channels
  const isOfDatagrams =
    send.hasSubscribers || retransmission.hasSubscribers || answer.hasSubscribers
  return isOfDatagrams || decision.hasSubscribers || isDebugged()
}

/** A datagram was sent for `request`, or for a connect, which belongs to no single request. */
function sent(request, kind, attempt, address) {
  debug('%s %d sent to %s', kind, attempt, address)
  const message = { request: kind, address, attempt, ...subject(request) }
  if (channels.send.hasSubscribers) channels.send.publish(message)
  if (attempt > 1 && channels.retransmission.hasSubscribers) {
    channels.retransmission.publish(message)
  }
}

/** A datagram was answered, `roundTrip` milliseconds after it was last sent. */
function answered(request, kind, attempt, address, roundTrip) {
  debug('%s %d answered by %s in %s ms', kind, attempt, address, roundTrip.toFixed(3))
  if (channels.answer.hasSubscribers) {
    const message = { request: kind, address, attempt, roundTrip, ...subject(request) }
    channels.answer.publish(message)
  }
}

/** The engine has decided something about an address, or about the look-up of a host. */
function decided(decision, about) {
  debug('%s: %s', decision, about)
  if (!channels.decision.hasSubscribers) return
  const isOfHost = decision.startsWith('look-up')
  channels.decision.publish({
    decision,
    address: isOfHost ? null : about,
    host: isOfHost ? about : null
  })
}

/** A request failed. */
function failed(request, { message, code }) {
  if (isDebugged()) debug('%s of %s failed: %s (%s)', request.kind, request.url, message, code)
  if (channels.error.hasSubscribers) {
    channels.error.publish({ request: request.kind, message, code, ...subject(request) })
  }
}

module.exports = { answered, decided, failed, isDebugged, isWatched, sent }
