// The info-hashes that the command line reads: hex, base32, magnet links and .torrent files.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const { readInfoHash } = require('../bin/info-hashes')
const { infoHashOfTorrent } = require('../bin/torrent-file')
const { temporaryFiles } = require('./support/command-line')

const HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'
const BASE32 = 'SXEKF4OFYSRPBYFR27LPDYWTYS22NF4I'
const SHA256 = 'ab'.repeat(32)

test('hex is taken in either case, and base32', () => {
  assert.deepEqual(readInfoHash(HASH), { infoHash: HASH, from: null })
  assert.deepEqual(readInfoHash(HASH.toUpperCase()), { infoHash: HASH, from: null })
  assert.deepEqual(readInfoHash(BASE32), { infoHash: HASH, from: null })
  assert.deepEqual(readInfoHash(BASE32.toLowerCase()), { infoHash: HASH, from: null })
  assert.equal(readInfoHash('A'.repeat(32)).infoHash, '0'.repeat(40))
})

describe('a magnet link', () => {
  const cases = {
    [`magnet:?xt=urn:btih:${HASH}`]: HASH,
    [`magnet:?xt=urn:btih:${BASE32}&dn=x`]: HASH,
    [`MAGNET:?dn=x&tr=udp%3A%2F%2Fh&xt=URN:BTIH:${HASH.toUpperCase()}`]: HASH,
    [`magnet:?xt=urn%3Abtih%3A${HASH}`]: HASH,
    [`magnet:?xt=urn:sha1:${BASE32}&xt=urn:btih:${HASH}`]: HASH,
    // Version 2: trackers get the first 20 bytes. Of both versions: it is known by the first.
    [`magnet:?xt=urn:btmh:1220${SHA256}`]: 'ab'.repeat(20),
    [`magnet:?xt=urn:btmh:1220${SHA256}&xt=urn:btih:${HASH}`]: HASH
  }
  for (const [link, infoHash] of Object.entries(cases)) {
    test(link, () => assert.equal(readInfoHash(link).infoHash, infoHash))
  }

  test('is called by its name', () => {
    assert.equal(readInfoHash(`magnet:?xt=urn:btih:${HASH}&dn=a+b%21`).from, 'a b!')
  })

  for (const link of [
    'magnet:',
    'magnet:?dn=x',
    'magnet:?xt=urn:btih:abc',
    'magnet:?xt=urn:sha1:' + BASE32,
    'magnet:?xt=urn:btmh:1220abcd',
    `magnet:?xt=urn:btmh:1320${SHA256}`
  ]) {
    test(`that has no info-hash is named: ${link}`, () => {
      assert.throws(
        () => readInfoHash(link),
        ({ message }) => message.startsWith(`"${link}" `)
      )
    })
  }
})

const sha = (algorithm, text) =>
  createHash(algorithm).update(text, 'latin1').digest().subarray(0, 20)
const torrent = (text) => infoHashOfTorrent(Buffer.from(text, 'latin1'))

describe('a .torrent file', () => {
  const info = 'd6:lengthi5e4:name1:x12:piece lengthi16384e6:pieces20:\x80\xff901234567890123456e'

  test('is hashed as its info stands there', () => {
    const hash = sha('sha1', info)
    assert.deepEqual(torrent(`d8:announce7:udp://h4:info${info}e`), hash)
    assert.deepEqual(torrent(`d4:info${info}e`), hash)
    assert.deepEqual(torrent(`d4:info${info}7:nothingdee\r\n`), hash)
  })

  test('is hashed the same where keys are not in order', () => {
    const odd = 'd4:name1:x6:lengthi5ee'
    assert.deepEqual(torrent(`d5:zzzzzle4:info${odd}1:ai-5ee`), sha('sha1', odd))
  })

  test('of version 2 alone is hashed with SHA-256, one of both versions is not', () => {
    const version2 = 'd9:file treede12:meta versioni2ee'
    assert.deepEqual(torrent(`d4:info${version2}e`), sha('sha256', version2))
    const both = 'd12:meta versioni2e6:pieces0:e'
    assert.deepEqual(torrent(`d4:info${both}e`), sha('sha1', both))
  })

  test('of an encoder that other clients have gives the info-hash that it computes', () => {
    // bittorrent-tracker brings it.
    const paths = [require.resolve('bittorrent-tracker')]
    const bencode = require(require.resolve('bencode', { paths }))
    const files = [{ path: ['ä', 'b'], length: 2 ** 40 }]
    const value = { name: 'ü', 'piece length': 2 ** 20, pieces: Buffer.alloc(40, 0xe9), files }
    const bytes = bencode.encode({ info: value, 'announce-list': [['udp://h'], []] })
    assert.deepEqual(infoHashOfTorrent(bytes), sha('sha1', bencode.encode(value)))
  })

  const broken = {
    '': 'no dictionary at byte 0',
    '<html>': 'no dictionary at byte 0',
    le: 'no dictionary at byte 0',
    d: 'no bencoded value at byte 1',
    de: 'it has no info dictionary',
    'd4:info1:xe': 'it has no info dictionary',
    'd4:infode': 'no bencoded value at byte 9',
    'd4:infodeex': 'something behind the end at byte 10',
    'd4:infode4:infodee': 'a second "info" at byte 15',
    'di1e1:xe': 'no bencoded value at byte 1',
    'd1:ai01ee': 'no bencoded value at byte 5',
    'd1:ai-0ee': 'no bencoded value at byte 5',
    'd1:aiee': 'no bencoded value at byte 5',
    'd1:a01:xe': 'no bencoded value at byte 4',
    'd1:a-1:xe': 'no bencoded value at byte 4',
    'd1:a9:xe': 'a string that is longer than the file at byte 4',
    'd1:a99999999999999999999:xe': 'no bencoded value at byte 4'
  }
  for (const [text, problem] of Object.entries(broken)) {
    test(`that is none is said to be so: ${JSON.stringify(text)}`, () => {
      assert.throws(() => torrent(text), { message: `not a .torrent file: ${problem}` })
    })
  }

  test('that nests without end does not exhaust the stack', () => {
    assert.throws(() => torrent(`d1:a${'l'.repeat(1e6)}`), /too many lists in lists/)
    assert.throws(() => torrent(`d1:a${'d1:a'.repeat(1e6)}`), /too many lists in lists/)
  })

  test('cut off anywhere is none', () => {
    const whole = `d8:announce7:udp://h4:info${info}e`
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => torrent(whole.slice(0, length)), /^Error: not a \.torrent file: /)
    }
  })

  test('is read by its path, and called by it', (t) => {
    const [file, other] = temporaryFiles(t, { 'a.torrent': `d4:info${'de'}e`, b: 'hello' })
    assert.deepEqual(readInfoHash(file), {
      infoHash: sha('sha1', 'de').toString('hex'),
      from: file
    })
    assert.throws(() => readInfoHash(other), {
      message: `"${other}" is not a .torrent file: no dictionary at byte 0`
    })
    assert.throws(() => readInfoHash('missing.torrent'), {
      message: 'cannot read "missing.torrent": there is no such file'
    })
    assert.throws(() => readInfoHash(__dirname), {
      message: `cannot read "${__dirname}": it is a directory`
    })
  })
})
