'use strict'

// What goes over the wire, on channels of Node's diagnostics_channel. The engine reports datagrams only while there are
// subscribers; the rest of the time all of this costs a few comparisons for each request.

const { channel } = require('diagnostics_channel')

const channels = {
  send: channel('bittorrent-udp-tracker:send'),
  retransmission: channel('bittorrent-udp-tracker:retransmission'),
  answer: channel('bittorrent-udp-tracker:answer'),
  error: channel('bittorrent-udp-tracker:error')
}

const hexOf = (bytes) => Buffer.from(bytes).toString('hex')

function subject(request) {
  if (request === undefined) return { url: null, infoHash: null }
  const { url, infoHash } = request
  return { url, infoHash: infoHash === null ? null : hexOf(infoHash) }
}

/** Whether anybody wants to know of datagrams. */
function isWatched() {
  const { send, retransmission, answer } = channels
  return send.hasSubscribers || retransmission.hasSubscribers || answer.hasSubscribers
}

/** A datagram was sent for `request`, or for a connect, which belongs to no single request. */
function sent(request, kind, attempt, address) {
  const message = { request: kind, address, attempt, ...subject(request) }
  if (channels.send.hasSubscribers) channels.send.publish(message)
  if (attempt > 1 && channels.retransmission.hasSubscribers) {
    channels.retransmission.publish(message)
  }
}

/** A datagram was answered, `roundTrip` milliseconds after it was last sent. */
function answered(request, kind, attempt, address, roundTrip) {
  if (channels.answer.hasSubscribers) {
    const message = { request: kind, address, attempt, roundTrip, ...subject(request) }
    channels.answer.publish(message)
  }
}

/** A request failed. */
function failed(request, { message, code }) {
  if (channels.error.hasSubscribers) {
    channels.error.publish({ request: request.kind, message, code, ...subject(request) })
  }
}

module.exports = { answered, failed, isWatched, sent }
