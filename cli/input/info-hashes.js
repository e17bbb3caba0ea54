// Info-hashes as people have them: hex, base32, magnet links, .torrent files.
'use strict'

const fs = require('node:fs')
const { promisify } = require('node:util')
const { openNow, readFailure } = require('./lists.js')
const { quoted } = require('../output/text.js')
const { readTorrent } = require('./torrent-file.js')
const UsageError = require('../usage-error.js')

const HEX = /^[0-9a-f]{40}$/i
const BASE32 = /^[a-z2-7]{32}$/i
// A multihash of SHA-256 (BEP 52), 0x12 with 0x20 bytes.
const MULTIHASH = /^1220([0-9a-f]{64})$/i
const BASE32_DIGITS = 'abcdefghijklmnopqrstuvwxyz234567'
const LARGEST_TORRENT = 256 * 1024 * 1024

const WANTED = '40 digits of hex, 32 of base32, a magnet link or a .torrent file'
const WANTED_IN_LISTS = '40 digits of hex, 32 of base32 or a magnet link'

function fromBase32(text) {
  let bits = 0n
  for (const digit of text.toLowerCase()) bits = bits * 32n + BigInt(BASE32_DIGITS.indexOf(digit))
  return bits.toString(16).padStart(40, '0')
}

/** An info-hash as text, in hex; `null` if it is none. */
function fromText(text) {
  if (HEX.test(text)) return text.toLowerCase()
  if (BASE32.test(text)) return fromBase32(text)
  return null
}

const isMagnet = (text) => /^magnet:/i.test(text)

// The values of a key, also where several are told apart by numbers: xt.1, xt.2.
function valuesOf(params, name) {
  const isIt = (key) => key === name || new RegExp(`^${name}\\.\\d+$`).test(key)
  return [...params].filter(([key]) => isIt(key)).map(([, value]) => value)
}

// A torrent of both versions has a topic, and a swarm, of each.
function infoHashesOfMagnet(link, params) {
  const topics = valuesOf(params, 'xt')
  const [first] = topics.filter((topic) => /^urn:btih:/i.test(topic))
  const infoHash = first === undefined ? null : fromText(first.slice('urn:btih:'.length))
  if (first !== undefined && infoHash === null) {
    throw new UsageError(`${quoted(link)} has no info-hash of 40 digits of hex or 32 of base32`)
  }
  const [sha256] = topics
    .filter((topic) => /^urn:btmh:/i.test(topic))
    .map((topic) => MULTIHASH.exec(topic.slice('urn:btmh:'.length))?.[1])
    .filter((digits) => digits !== undefined)
  const found = [infoHash, sha256?.slice(0, 40).toLowerCase()].filter(Boolean)
  if (found.length > 0) return found
  throw new UsageError(`${quoted(link)} is a magnet link without a torrent (xt=urn:btih:…)`)
}

function fromMagnet(link) {
  const params = new URLSearchParams(link.replace(/^magnet:\??/i, ''))
  return {
    infoHashes: infoHashesOfMagnet(link, params),
    from: params.get('dn') || link,
    trackers: [...new Set(valuesOf(params, 'tr'))]
  }
}

function notAnInfoHash(text, wanted) {
  if (/^[0-9a-f]{20,}$/i.test(text)) {
    return new UsageError(
      `${quoted(text)} is ${text.length} digits of hex long, an info-hash has 40`
    )
  }
  return new UsageError(`${quoted(text)} is not an info-hash: expected ${wanted}`)
}

// Only what ends by itself: a device or a pipe could keep the program for ever.
async function readRegularFile(file) {
  const fd = await openNow(file)
  try {
    const stat = await promisify(fs.fstat)(fd)
    if (stat.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' })
    if (!stat.isFile()) throw new Error('it is not a regular file')
    if (stat.size > LARGEST_TORRENT) throw new Error('it is too large for a .torrent file')
    return await promisify(fs.readFile)(fd)
  } finally {
    fs.closeSync(fd)
  }
}

async function fromFile(file) {
  let bytes
  try {
    bytes = await readRegularFile(file)
  } catch (error) {
    const isMissing =
      error.code === 'ENOENT' || error.code === 'ENAMETOOLONG' || error.code === 'ENOTDIR'
    if (isMissing && !/\.torrent$|[\\/]/i.test(file)) throw notAnInfoHash(file, WANTED)
    throw new UsageError(`cannot read ${quoted(file)}: ${readFailure(error)}`)
  }
  // Bencode begins with this, whatever is wrong behind it.
  if (bytes[0] !== 0x64 && !/\.torrent$/i.test(file)) {
    throw new UsageError(`${quoted(file)} is not a .torrent file; if it is a list: --file ${file}`)
  }
  try {
    const { infoHashes, trackers } = readTorrent(bytes)
    return { infoHashes: infoHashes.map((one) => one.toString('hex')), from: file, trackers }
  } catch (error) {
    throw new UsageError(`${quoted(file)} is ${error.message}`)
  }
}

/**
 * `{infoHashes, from, trackers}`: 40 digits of hex each, two of a torrent of both versions; the text where that says more
 * than the hash, else `null`; and the trackers that a magnet link or a .torrent file names. A promise of it where a file is read, which `files` permits: a
 * line of a list, which comes from anybody, names no file unless it is asked to.
 */
function readInfoHash(text, { files = true } = {}) {
  const infoHash = fromText(text)
  if (infoHash !== null) return { infoHashes: [infoHash], from: null, trackers: [] }
  if (isMagnet(text)) return fromMagnet(text)
  if (text.includes('\0')) throw notAnInfoHash(text, WANTED)
  if (files) return fromFile(text)
  const isPath = /\.torrent$|[\\/]/i.test(text)
  if (isPath)
    throw new UsageError(`${quoted(text)} is a file name: lists may have those only with --files`)
  throw notAnInfoHash(text, WANTED_IN_LISTS)
}

/** The info-hashes in a line of a list or in an argument: one, or several with white space or commas between them. */
function splitHashes(text) {
  if (text.length === 40) return [text]
  const things = text.replace(/\s+#.*$/s, '')
  const parts = things.split(/[\s,]+/).filter((part) => part !== '')
  const areAll = parts.every((part) => fromText(part) !== null || isMagnet(part))
  return areAll && parts.length > 0 ? parts : [isMagnet(things) ? things : text]
}

module.exports = {
  isInfoHash: (text) => fromText(text) !== null,
  isMagnet,
  readInfoHash,
  splitHashes
}
