'use strict'

// Info-hashes as people have them: hex, base32, magnet links, .torrent files.

const fs = require('node:fs')
const { readFailure } = require('./lists.js')
const { quoted } = require('./text.js')
const { infoHashOfTorrent } = require('./torrent-file.js')
const UsageError = require('./usage-error.js')

const HEX = /^[0-9a-f]{40}$/i
const BASE32 = /^[a-z2-7]{32}$/i
// A multihash of SHA-256 (BEP 52), 0x12 with 0x20 bytes.
const MULTIHASH = /^1220([0-9a-f]{64})$/i
const BASE32_DIGITS = 'abcdefghijklmnopqrstuvwxyz234567'
const LARGEST_TORRENT = 256 * 1024 * 1024

const WANTED = '40 digits of hex, 32 of base32, a magnet link or a .torrent file'

function fromBase32(text) {
  let bits = 0n
  for (const digit of text.toLowerCase()) bits = bits * 32n + BigInt(BASE32_DIGITS.indexOf(digit))
  return bits.toString(16).padStart(40, '0')
}

// An info-hash as text, in hex; `null` if it is none.
function fromText(text) {
  if (HEX.test(text)) return text.toLowerCase()
  if (BASE32.test(text)) return fromBase32(text)
  return null
}

function fromMagnet(link) {
  const topics = new URLSearchParams(link.slice('magnet:'.length).replace(/^\?/, '')).getAll('xt')
  // A torrent of both versions has both topics; trackers know it by the first.
  const first = topics.find((topic) => /^urn:btih:/i.test(topic))
  if (first !== undefined) {
    const infoHash = fromText(first.slice('urn:btih:'.length))
    if (infoHash === null) {
      throw new UsageError(`${quoted(link)} has no info-hash of 40 digits of hex or 32 of base32`)
    }
    return infoHash
  }
  for (const topic of topics.filter((topic) => /^urn:btmh:/i.test(topic))) {
    const [, sha256] = MULTIHASH.exec(topic.slice('urn:btmh:'.length)) || []
    if (sha256 !== undefined) return sha256.slice(0, 40).toLowerCase()
  }
  throw new UsageError(`${quoted(link)} is a magnet link without a torrent (xt=urn:btih:…)`)
}

function fromFile(file) {
  let bytes
  try {
    const stat = fs.statSync(file)
    if (stat.isFile() && stat.size > LARGEST_TORRENT) {
      throw new UsageError(`${quoted(file)} is too large for a .torrent file`)
    }
    bytes = fs.readFileSync(file)
  } catch (err) {
    if (err instanceof UsageError) throw err
    const isMissing = err.code === 'ENOENT' || err.code === 'ENAMETOOLONG' || err.code === 'ENOTDIR'
    if (isMissing && !/\.torrent$|[\\/]/i.test(file)) throw notAnInfoHash(file)
    throw new UsageError(`cannot read ${quoted(file)}: ${readFailure(err)}`)
  }
  try {
    return infoHashOfTorrent(bytes).toString('hex')
  } catch (err) {
    throw new UsageError(`${quoted(file)} is ${err.message}`)
  }
}

function notAnInfoHash(text) {
  if (/^[0-9a-f]{20,}$/i.test(text)) {
    return new UsageError(
      `${quoted(text)} is ${text.length} digits of hex long, an info-hash has 40`
    )
  }
  return new UsageError(`${quoted(text)} is no info-hash: that is ${WANTED}`)
}

/** `{infoHash, from}`: 40 digits of hex, and the text where that says more than the hash, else `null`. */
function readInfoHash(text) {
  const infoHash = fromText(text)
  if (infoHash !== null) return { infoHash, from: null }
  if (/^magnet:/i.test(text)) {
    const name = new URLSearchParams(text.replace(/^magnet:\??/i, '')).get('dn')
    return { infoHash: fromMagnet(text), from: name || text }
  }
  if (text.includes('\0')) throw notAnInfoHash(text)
  return { infoHash: fromFile(text), from: text }
}

module.exports = { readInfoHash }
