// Requests as the fake tracker reads them, and the answers it gives, well formed or deliberately not.
'use strict'

const wire = require('../../__test__/support/wire.js')

const { ACTION, uint32 } = wire
const CONNECTION_ID = Buffer.from('c0ffee0123456789', 'hex')
const KINDS = ['connect', 'announce', 'scrape']

// By its action alone, of whatever length it is.
function readRequest(bytes) {
  const request = wire.parseRequest(bytes)
  return { ...request, bytes, kind: KINDS[request.action] ?? `action ${request.action}` }
}

// What two runs can have in common: all but the transaction ID and the connection ID. The latter is
// named instead, because a request that carries the wrong one must not pass.
function mask(request) {
  const { bytes, connectionId } = request
  const named = connectionId.equals(wire.PROTOCOL_ID)
    ? 'protocol ID'
    : connectionId.equals(CONNECTION_ID)
      ? 'connection ID'
      : `unknown ID ${connectionId.toString('hex')}`
  return [request.kind, named, bytes.subarray(16).toString('hex')].join(' ').trim()
}

function answer(action, transactionId, rest = Buffer.alloc(0)) {
  return Buffer.concat([uint32(action, transactionId), rest])
}

const connectAnswer = (request) => wire.connectResponse(request, CONNECTION_ID)

// `peers` are the bytes behind the counts, whole rows or not.
function announceAnswer(request, { peers = '', ...counts } = {}) {
  const usual = { interval: 1800, leechers: 5, seeds: 7 }
  return wire.announceResponse(request, { ...usual, ...counts, peers: Buffer.from(peers, 'hex') })
}

module.exports = {
  ACTION,
  CONNECTION_ID,
  readRequest,
  mask,
  answer,
  connectAnswer,
  announceAnswer,
  errorAnswer: wire.errorResponse,
  // The same request under an ID that no one asked under.
  otherTransactionId: wire.wrongId,
  uint32
}
