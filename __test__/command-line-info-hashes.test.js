// The info-hashes that the command line reads: hex, base32, magnet links and .torrent files.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const { spawnSync } = require('node:child_process')
const { readInfoHash, splitHashes } = require('../cli/input/info-hashes.js')
const { readTorrent } = require('../cli/input/torrent-file.js')
const { temporaryFiles } = require('./support/command-line.js')
const { needs } = require('./support/needs.js')

// The info-hash of each .torrent file, which come as lines of hex, or "none".
const LIBTORRENT = `
import libtorrent, sys
for line in sys.stdin:
    try:
        print(libtorrent.torrent_info(bytes.fromhex(line.strip())).info_hash())
    except Exception:
        print('none')
`
const HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'
const BASE32 = 'SXEKF4OFYSRPBYFR27LPDYWTYS22NF4I'
const SHA256 = 'ab'.repeat(32)

test('hex is taken in either case, and base32', () => {
  assert.deepEqual(readInfoHash(HASH), { infoHashes: [HASH], from: null, trackers: [] })
  assert.deepEqual(readInfoHash(HASH.toUpperCase()), {
    infoHashes: [HASH],
    from: null,
    trackers: []
  })
  assert.deepEqual(readInfoHash(BASE32), { infoHashes: [HASH], from: null, trackers: [] })
  assert.deepEqual(readInfoHash(BASE32.toLowerCase()), {
    infoHashes: [HASH],
    from: null,
    trackers: []
  })
  assert.equal(readInfoHash('A'.repeat(32)).infoHashes[0], '0'.repeat(40))
})

describe('a magnet link', () => {
  const cases = {
    [`magnet:?xt=urn:btih:${HASH}`]: HASH,
    [`magnet:?xt=urn:btih:${BASE32}&dn=x`]: HASH,
    [`MAGNET:?dn=x&tr=udp%3A%2F%2Fh&xt=URN:BTIH:${HASH.toUpperCase()}`]: HASH,
    [`magnet:?xt=urn%3Abtih%3A${HASH}`]: HASH,
    [`magnet:?xt.1=urn:btih:${HASH}&xt.2=urn:sha1:${BASE32}`]: HASH,
    [`magnet:?xt=urn:sha1:${BASE32}&xt=urn:btih:${HASH}`]: HASH,
    // Version 2: trackers get the first 20 bytes. Of both versions: it has a swarm of each.
    [`magnet:?xt=urn:btmh:1220${SHA256}`]: 'ab'.repeat(20),
    [`magnet:?xt=urn:btmh:1220${SHA256}&xt=urn:btih:${HASH}`]: [HASH, 'ab'.repeat(20)]
  }
  for (const [link, infoHash] of Object.entries(cases)) {
    test(link, () => assert.deepEqual(readInfoHash(link).infoHashes, [infoHash].flat()))
  }

  test('is shown by its name', () => {
    assert.equal(readInfoHash(`magnet:?xt=urn:btih:${HASH}&dn=a+b%21`).from, 'a b!')
  })

  test('has its trackers, each once', () => {
    const link = `magnet:?xt=urn:btih:${HASH}&tr=udp%3A%2F%2Fa%3A1&tr.2=udp://b:2&tr=udp://a:1`
    assert.deepEqual(readInfoHash(link).trackers, ['udp://a:1', 'udp://b:2'])
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
const torrent = (text) => readTorrent(Buffer.from(text, 'latin1')).infoHashes

describe('a .torrent file', () => {
  const info = 'd6:lengthi5e4:name1:x12:piece lengthi16384e6:pieces20:\x80\xff901234567890123456e'

  test('is hashed over the bytes of its info', () => {
    const hash = sha('sha1', info)
    assert.deepEqual(torrent(`d8:announce7:udp://h4:info${info}e`), [hash])
    assert.deepEqual(torrent(`d4:info${info}e`), [hash])
    assert.deepEqual(torrent(`d4:info${info}7:nothingdee\r\n`), [hash])
  })

  test('is hashed the same when its keys are not in order', () => {
    const odd = 'd4:name1:x6:lengthi5ee'
    assert.deepEqual(torrent(`d5:zzzzzle4:info${odd}1:ai-5ee`), [sha('sha1', odd)])
  })

  test('of version 2 alone is hashed with SHA-256, one of both versions with both', () => {
    const version2 = 'd9:file treede12:meta versioni2ee'
    assert.deepEqual(torrent(`d4:info${version2}e`), [sha('sha256', version2)])
    const both = 'd12:meta versioni2e6:pieces0:e'
    assert.deepEqual(torrent(`d4:info${both}e`), [sha('sha1', both), sha('sha256', both)])
  })

  test("of another client's encoder has the info-hash which that client computes", () => {
    // bittorrent-tracker brings it.
    const paths = [require.resolve('bittorrent-tracker')]
    const bencode = require(require.resolve('bencode', { paths }))
    const files = [{ path: ['ä', 'b'], length: 2 ** 40 }]
    const value = { name: 'ü', 'piece length': 2 ** 20, pieces: Buffer.alloc(40, 0xe9), files }
    const bytes = bencode.encode({ info: value, 'announce-list': [['udp://h'], []] })
    assert.deepEqual(readTorrent(bytes).infoHashes, [sha('sha1', bencode.encode(value))])
  })

  const broken = {
    '': 'no dictionary at byte 0',
    '<html>': 'no dictionary at byte 0',
    le: 'no dictionary at byte 0',
    d: 'no bencoded value at byte 1',
    de: 'it has no info dictionary',
    'd4:info1:xe': 'it has no info dictionary',
    'd4:infode': 'no bencoded value at byte 9',
    'di1e1:xe': 'no bencoded value at byte 1',
    'd1:ai-ee': 'no bencoded value at byte 5',
    'd1:aiee': 'no bencoded value at byte 5',
    'd1:a-1:xe': 'no bencoded value at byte 4',
    'd1:a9:xe': 'a string that is longer than the file at byte 4',
    'd1:a99999999999999999999:xe': 'a string that is longer than the file at byte 4'
  }
  for (const [text, problem] of Object.entries(broken)) {
    test(`that is not one is an error that says so: ${JSON.stringify(text)}`, () => {
      assert.throws(() => torrent(text), { message: `not a .torrent file: ${problem}` })
    })
  }

  test('that nests without end does not exhaust the stack', () => {
    assert.throws(() => torrent(`d1:a${'l'.repeat(1e6)}`), /too many lists in lists/)
    assert.throws(() => torrent(`d1:a${'d1:a'.repeat(1e6)}`), /too many lists in lists/)
  })

  test('cut off anywhere is an error', () => {
    const whole = `d8:announce7:udp://h4:info${info}e`
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => torrent(whole.slice(0, length)), /^Error: not a \.torrent file: /)
    }
  })

  test('lists its trackers, each once', () => {
    const list = 'll8:udp://a:8:udp://b:el8:http://cee'
    const text = `d8:announce8:udp://a:13:announce-list${list}4:info${info}e`
    const bytes = Buffer.from(text, 'latin1')
    assert.deepEqual(readTorrent(bytes).trackers, ['udp://a:', 'udp://b:', 'http://c'])
    assert.equal(readTorrent(bytes).name, 'x')
  })

  test('is read by its path, and shown by it', async (t) => {
    const [file, other] = temporaryFiles(t, { 'a.torrent': `d4:info${'de'}e`, b: 'hello' })
    assert.deepEqual(await readInfoHash(file), {
      infoHashes: [sha('sha1', 'de').toString('hex')],
      from: file,
      trackers: []
    })
    await assert.rejects(async () => readInfoHash(other), {
      message: `"${other}" is not a .torrent file; if it is a list: --file ${other}`
    })
    await assert.rejects(async () => readInfoHash('missing.torrent'), {
      message: 'cannot read "missing.torrent": there is no such file'
    })
    await assert.rejects(async () => readInfoHash(__dirname), {
      message: `cannot read "${__dirname}": it is a directory`
    })
    if (process.platform === 'win32') return
    await assert.rejects(async () => readInfoHash('/dev/zero'), {
      message: 'cannot read "/dev/zero": it is not a regular file'
    })
  })

  // libtorrent is what people's files have to pass.
  const spellings = {
    plain: `d4:info${info}e`,
    'keys out of order': `d5:zzzzzle4:info${info}1:ai-5ee`,
    'a key twice': `d4:info${info}4:infod6:lengthi5e4:name1:yee`,
    'bytes behind the end': `d4:info${info}exxxx`,
    'a number with a zero before it': `d1:ai0123e4:info${info}e`,
    'minus zero': `d1:ai-0e4:info${info}e`,
    'a length with a zero before it': `d08:announce7:udp://h4:info${info}e`,
    'no number': `d1:aie4:info${info}e`,
    'a plus': `d1:ai+5e4:info${info}e`,
    'a blank in a number': `d1:ai 5e4:info${info}e`,
    'no end': `d4:info${info}`,
    'a key that is none': `di1e1:x4:info${info}e`,
    'a blank before it': ` d4:info${info}e`,
    '90 lists in lists': `d1:a${'l'.repeat(90)}${'e'.repeat(90)}4:info${info}e`,
    '101 lists in lists': `d1:a${'l'.repeat(101)}${'e'.repeat(101)}4:info${info}e`,
    'keys in info out of order, and one twice': `d4:info${info.replace('d6:', 'd4:name1:z6:')}e`
  }

  test(
    'has the info-hash that libtorrent computes, and is one where that reads it',
    { skip: needs('libtorrent') },
    () => {
      const input = Object.values(spellings).map((text) =>
        Buffer.from(text, 'latin1').toString('hex')
      )
      const { stdout } = spawnSync('/usr/bin/python3', ['-c', LIBTORRENT], {
        input: input.join('\n'),
        encoding: 'utf8'
      })
      const theirs = stdout.trim().split('\n')
      const ours = Object.values(spellings).map((text) => {
        try {
          return torrent(text)[0].toString('hex')
        } catch {
          return 'none'
        }
      })
      const named = (list) =>
        Object.fromEntries(Object.keys(spellings).map((name, i) => [name, list[i]]))
      assert.deepEqual(named(ours), named(theirs))
      assert.ok(ours.filter((hash) => hash !== 'none').length >= 9)
    }
  )
})

describe('a line', () => {
  const [other] = ['ab'.repeat(20)]

  test('may have several info-hashes, separated by blanks or commas, and a comment', () => {
    assert.deepEqual(splitHashes(`${HASH} ${other}`), [HASH, other])
    assert.deepEqual(splitHashes(`${HASH},${BASE32}, ${other}`), [HASH, BASE32, other])
    assert.deepEqual(splitHashes(`${HASH} # mine, and theirs`), [HASH])
    assert.deepEqual(splitHashes(`magnet:?xt=urn:btih:${HASH} # mine`), [
      `magnet:?xt=urn:btih:${HASH}`
    ])
  })

  test('that is anything else is not split', () => {
    for (const text of ['my file.torrent', `${HASH} name`, 'a,b']) {
      assert.deepEqual(splitHashes(text), [text])
    }
  })

  test('names a file only with --files', async (t) => {
    const [file] = temporaryFiles(t, { 'a.torrent': 'd4:infodee' })
    assert.throws(() => readInfoHash(file, { files: false }), {
      message: `"${file}" is a file name: lists may have those only with --files`
    })
    assert.equal((await readInfoHash(file, { files: true })).from, file)
  })
})
