// The tracker's end of BEP 15: requests from bytes to fields, well-formed answers from fields to bytes.
'use strict'

const ACTION = { connect: 0, announce: 1, scrape: 2, error: 3 }
const PROTOCOL_ID = Buffer.from('0000041727101980', 'hex')

// What stands in a request, by the offsets of BEP 15. `kind` is 'other' when the bytes are none of the three.
function parseRequest(raw) {
  const request = { kind: 'other', raw, connectionId: raw.subarray(0, 8) }
  if (raw.length < 16) return request
  request.action = raw.readUInt32BE(8)
  request.transactionId = raw.readUInt32BE(12)
  if (request.action === ACTION.connect && raw.length === 16) return { ...request, kind: 'connect' }
  if (request.action === ACTION.scrape) {
    const infoHashes = []
    for (let at = 16; at + 20 <= raw.length; at += 20) infoHashes.push(raw.subarray(at, at + 20))
    return { ...request, kind: 'scrape', infoHashes }
  }
  if (request.action !== ACTION.announce || raw.length < 98) return request
  return {
    ...request,
    kind: 'announce',
    infoHash: raw.subarray(16, 36),
    peerId: raw.subarray(36, 56),
    downloaded: raw.readBigUInt64BE(56),
    left: raw.readBigUInt64BE(64),
    uploaded: raw.readBigUInt64BE(72),
    event: raw.readUInt32BE(80),
    ip: raw.readUInt32BE(84),
    key: raw.readUInt32BE(88),
    numWant: raw.readInt32BE(92),
    port: raw.readUInt16BE(96),
    rest: raw.subarray(98)
  }
}

function uint32(...numbers) {
  const bytes = Buffer.alloc(4 * numbers.length)
  numbers.forEach((number, index) => bytes.writeUInt32BE(number, 4 * index))
  return bytes
}

// Peers over IPv4: '1.2.3.4:5678' -> 6 bytes each.
function peerRows(peers) {
  return Buffer.concat(
    peers.map((peer) => {
      const [, address, port] = /^([\d.]+):(\d+)$/.exec(peer)
      return Buffer.from([...address.split('.').map(Number), port >> 8, port & 255])
    })
  )
}

function connectResponse(request, connectionId) {
  return Buffer.concat([uint32(ACTION.connect, request.transactionId), connectionId])
}

// `interval` in seconds; `peers` as IPv4 texts or as the rows' bytes.
function announceResponse(request, { interval = 1800, leechers = 0, seeds = 0, peers = [] } = {}) {
  return Buffer.concat([
    uint32(ACTION.announce, request.transactionId, interval, leechers, seeds),
    Buffer.isBuffer(peers) ? peers : peerRows(peers)
  ])
}

function scrapeResponse(request, rows) {
  return Buffer.concat([
    uint32(ACTION.scrape, request.transactionId),
    ...rows.map(({ seeds = 0, completed = 0, leechers = 0 }) => uint32(seeds, completed, leechers))
  ])
}

function errorResponse(request, message) {
  return Buffer.concat([uint32(ACTION.error, request.transactionId), Buffer.from(message)])
}

// A transaction ID that is not this request's.
function wrongId(request) {
  return { ...request, transactionId: (request.transactionId ^ 0x5a5a5a5a) >>> 0 }
}

module.exports = {
  ACTION,
  PROTOCOL_ID,
  parseRequest,
  uint32,
  peerRows,
  connectResponse,
  announceResponse,
  scrapeResponse,
  errorResponse,
  wrongId
}
