// Announces whose answers can be told apart: the hostile tracker makes every number of an answer from the info-hash.
'use strict'

const { createHash } = require('node:crypto')

const PEER_ID = Buffer.from('-XX0100-abcdefghijkl')

/** The info-hash number `index`; its answer asks for an announce every `interval` seconds. */
function infoHash(index, interval) {
  const hash = createHash('sha1').update(`torrent ${index}`).digest()
  hash.writeUInt32BE(interval, 16)
  return hash
}

/** What is wrong with an update for this info-hash, or null. */
function mismatch(hash, { leechers, seeds, peers }) {
  const [a, b, c, d] = hash.subarray(8, 12)
  const peer = `${a}.${b}.${c}.${d}:${hash.readUInt16BE(12)}`
  const right =
    leechers === hash.readUInt32BE(0) &&
    seeds === hash.readUInt32BE(4) &&
    peers.length === 1 &&
    peers[0] === peer
  return right ? null : `${hash.toString('hex')}: ${JSON.stringify({ leechers, seeds, peers })}`
}

module.exports = { PEER_ID, infoHash, mismatch }
