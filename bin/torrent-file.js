'use strict'

// The info-hash of a .torrent file: the hash of the bytes of its `info` as they stand there (BEP 3, BEP 52). Nothing is
// decoded and encoded again, since that would change the hash of what others have encoded in their own way.

const { createHash } = require('node:crypto')

const DEEPEST = 256
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

  // Digits up to `end`; canonical, so that one number has one spelling.
  digits(end, pattern) {
    const stop = this.bytes.indexOf(end, this.at)
    const text = stop < 0 ? '' : this.bytes.latin1Slice(this.at, Math.min(stop, this.at + 21))
    if (!pattern.test(text)) this.fail('no bencoded value')
    this.at = stop + 1
    return text
  }

  string() {
    const start = this.at
    const length = Number(this.digits(COLON, /^(0|[1-9]\d{0,15})$/))
    if (length > this.bytes.length - this.at) {
      this.at = start
      this.fail('a string that is longer than the file')
    }
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  // The keys of a dictionary and where their values begin and end.
  dictionary() {
    this.at++
    const values = new Map()
    while (this.bytes[this.at] !== END) {
      const key = this.string().toString('latin1')
      if (values.has(key)) this.fail(`a second "${key.slice(0, 20)}"`)
      const start = this.at
      this.skip()
      values.set(key, this.bytes.subarray(start, this.at))
    }
    this.at++
    return values
  }

  skip() {
    if (++this.depth > DEEPEST) this.fail('too many lists in lists')
    const kind = this.bytes[this.at]
    if (kind === INTEGER) {
      this.at++
      this.digits(END, /^(0|-?[1-9]\d{0,19})$/)
    } else if (kind === LIST) {
      this.at++
      while (this.bytes[this.at] !== END) this.skip()
      this.at++
    } else if (kind === DICTIONARY) {
      this.dictionary()
    } else {
      this.string()
    }
    this.depth--
  }
}

/** The info-hash, 20 bytes, from the bytes of a .torrent file; throws an Error that says what is wrong with them. */
function infoHashOfTorrent(bytes) {
  const reader = new Bencode(bytes)
  if (bytes[0] !== DICTIONARY) reader.fail('no dictionary')
  const info = reader.dictionary().get('info')
  if (bytes.subarray(reader.at).some((byte) => byte !== 0x0a && byte !== 0x0d)) {
    reader.fail('something behind the end')
  }
  if (info === undefined || info[0] !== DICTIONARY) {
    throw new Error('not a .torrent file: it has no info dictionary')
  }
  // A torrent of version 2 alone is hashed with SHA-256, of which trackers get the first 20 bytes. One that is both has
  // `pieces`, and is known by either.
  const keys = new Bencode(info).dictionary()
  const isVersion2 = keys.get('meta version')?.toString('latin1') === 'i2e'
  const algorithm = isVersion2 && !keys.has('pieces') ? 'sha256' : 'sha1'
  return createHash(algorithm).update(info).digest().subarray(0, 20)
}

module.exports = { infoHashOfTorrent }
