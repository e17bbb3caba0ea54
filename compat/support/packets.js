// Requests as the fake tracker reads them, and the answers it gives, well formed or deliberately not.
'use strict'

const PROTOCOL_ID = Buffer.from('0000041727101980', 'hex')
const CONNECTION_ID = Buffer.from('c0ffee0123456789', 'hex')
const ACTION = { connect: 0, announce: 1, scrape: 2, error: 3 }
const KINDS = ['connect', 'announce', 'scrape']

module.exports = {
  ACTION,
  CONNECTION_ID,
  readRequest,
  mask,
  answer,
  connectAnswer,
  announceAnswer,
  errorAnswer,
  otherTransactionId,
  uint32
}

function readRequest(bytes) {
  const action = bytes.readUInt32BE(8)
  return {
    bytes,
    kind: KINDS[action] ?? `action ${action}`,
    connectionId: bytes.subarray(0, 8),
    transactionId: bytes.subarray(12, 16)
  }
}

// What two runs can have in common: all but the transaction ID and the connection ID. The latter is
// named instead, because a request that carries the wrong one must not pass.
function mask(request) {
  const { bytes, connectionId } = request
  const named = connectionId.equals(PROTOCOL_ID)
    ? 'protocol ID'
    : connectionId.equals(CONNECTION_ID)
      ? 'connection ID'
      : `unknown ID ${connectionId.toString('hex')}`
  return [request.kind, named, bytes.subarray(16).toString('hex')].join(' ').trim()
}

function answer(action, transactionId, rest = Buffer.alloc(0)) {
  return Buffer.concat([uint32(action), transactionId, rest])
}

function connectAnswer(request) {
  return answer(ACTION.connect, request.transactionId, CONNECTION_ID)
}

// `peers` are the bytes behind the counts, whole rows or not.
function announceAnswer(request, { interval = 1800, leechers = 5, seeds = 7, peers = '' } = {}) {
  const counts = [interval, leechers, seeds].map(uint32)
  return answer(
    ACTION.announce,
    request.transactionId,
    Buffer.concat([...counts, Buffer.from(peers, 'hex')])
  )
}

function errorAnswer(request, text) {
  return answer(ACTION.error, request.transactionId, Buffer.from(text))
}

// The same request under an ID that no one asked under.
function otherTransactionId(request) {
  const transactionId = Buffer.from(request.transactionId.map((byte) => byte ^ 0xff))
  return { ...request, transactionId }
}

function uint32(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
