// What a .torrent file says of itself: its info-hash, which is the hash of the bytes of its `info` as they stand there
// (BEP 3, BEP 52), its name and its trackers.
//
// Read as libtorrent reads it, since that is what people's files have to pass: keys in any order, the first of two counts,
// numbers with leading zeros, and whatever stands behind the end. Libraries decode into values, in which the bytes of
// `info` are lost, and encoding them again would change the hash of what others have encoded in their own way.
'use strict'

const { createHash } = require('node:crypto')

const DEEPEST = 100
const [INTEGER, LIST, DICTIONARY, END, COLON] = Buffer.from('ilde:')

class Bencode {
  constructor(bytes) {
    this.bytes = bytes
    this.at = 0
    this.depth = 0
  }

  fail(what) {
    throw new Error(`not a .torrent file: ${what} at byte ${this.at}`)
  }

  // Digits up to `end`.
  digits(end, pattern) {
    const stop = this.bytes.indexOf(end, this.at)
    const text = stop < 0 ? '' : this.bytes.latin1Slice(this.at, Math.min(stop, this.at + 40))
    if (!pattern.test(text)) this.fail('no bencoded value')
    this.at = stop + 1
    return text
  }

  string() {
    const start = this.at
    const length = Number(this.digits(COLON, /^\d{1,20}$/))
    if (length > this.bytes.length - this.at) {
      this.at = start
      this.fail('a string that is longer than the file')
    }
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  // The keys of a dictionary, as latin1, and the bytes of their values.
  dictionary() {
    this.at++
    const values = new Map()
    while (this.bytes[this.at] !== END) {
      const key = this.string().toString('latin1')
      const start = this.at
      this.skip()
      if (!values.has(key)) values.set(key, this.bytes.subarray(start, this.at))
    }
    this.at++
    return values
  }

  // The bytes of each value of a list.
  list() {
    this.at++
    const values = []
    while (this.bytes[this.at] !== END) {
      const start = this.at
      this.skip()
      values.push(this.bytes.subarray(start, this.at))
    }
    this.at++
    return values
  }

  skip() {
    if (++this.depth > DEEPEST) this.fail('too many lists in lists')
    const kind = this.bytes[this.at]
    if (kind === INTEGER) {
      this.at++
      this.digits(END, /^-?\d{1,39}$/)
    } else if (kind === LIST) {
      this.list()
    } else if (kind === DICTIONARY) {
      this.dictionary()
    } else {
      this.string()
    }
    this.depth--
  }
}

const isDictionary = (value) => value !== undefined && value[0] === DICTIONARY
const listOf = (value) =>
  value !== undefined && value[0] === LIST ? new Bencode(value).list() : []

// A string's text, `null` if the value is none.
function textOf(value) {
  if (value === undefined || !(value[0] >= 0x30 && value[0] <= 0x39)) return null
  return new Bencode(value).string().toString('utf8')
}

/**
 * `{infoHashes, name, trackers}` from the bytes of a .torrent file: of 20 bytes each, a text or `null`, and texts. Throws an
 * Error that says what is wrong with them.
 */
function readTorrent(bytes) {
  const reader = new Bencode(bytes)
  if (bytes[0] !== DICTIONARY) reader.fail('no dictionary')
  const torrent = reader.dictionary()
  const info = torrent.get('info')
  if (!isDictionary(info)) throw new Error('not a .torrent file: it has no info dictionary')
  const keys = new Bencode(info).dictionary()
  // Version 2 is hashed with SHA-256, of which trackers get the first 20 bytes. A torrent that is both has `pieces`, too, and
  // a swarm by either hash.
  const isVersion2 = /^i0*2e$/.test(keys.get('meta version')?.toString('latin1'))
  const algorithms = [isVersion2 && !keys.has('pieces') ? null : 'sha1', isVersion2 && 'sha256']
  const tiers = listOf(torrent.get('announce-list')).flatMap(listOf)
  const trackers = [torrent.get('announce'), ...tiers].map(textOf)
  return {
    infoHashes: algorithms
      .filter(Boolean)
      .map((algorithm) => createHash(algorithm).update(info).digest().subarray(0, 20)),
    name: textOf(keys.get('name.utf-8')) ?? textOf(keys.get('name')),
    trackers: [...new Set(trackers.filter((url) => url !== null && url !== ''))]
  }
}

module.exports = { readTorrent }
