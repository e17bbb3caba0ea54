// What follows the 98 bytes of an announce, byte for byte: BEP 41's URLData, and the older extension with its
// authentication and request string.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { UdpTracker, INFO_HASH, PEER_ID } = require('./support/client.js')
const { createClient, nextUpdate, nextError, allDelivered } = require('./support/client.js')

const sha1 = (...parts) => createHash('sha1').update(Buffer.concat(parts)).digest()

// The announce request that a tracker gets at its URL with `requestString` behind it.
async function announceRequest(t, requestString, opts) {
  const tracker = await startScriptedTracker(t)
  const client = createClient(t, tracker.url + requestString, opts)
  client.announce(2)
  await nextUpdate(client)
  return tracker.announces[0].raw
}

// The error text that an announce there ends with, before which nothing was sent.
async function announceError(t, requestString, opts) {
  const tracker = await startScriptedTracker(t)
  const client = createClient(t, tracker.url + requestString, opts)
  const failed = nextError(client)
  client.announce(2)
  const text = await failed
  await allDelivered(t)
  assert.deepEqual(tracker.requests, [])
  return text
}

describe('BEP 41, URLData', () => {
  test('is its type, its length and path and query, behind the 98 bytes of BEP 15', async (t) => {
    const raw = await announceRequest(t, '/dir?a=b&c=d')

    // BEP 15, "announce request": offset 92 num_want, 96 port, 98 the end. There BEP 41's options begin.
    assert.equal(raw.subarray(92, 98).toString('hex'), '00000032' + '0000')
    // Offset 98: option-type 0x02 (URLData); 99: the length, 12; 100: "/dir?a=b&c=d"; 112: the end of the datagram,
    // which ends the options as well as an EndOfOptions (0x00) would.
    assert.equal(raw.subarray(98).toString('hex'), '020c' + '2f6469723f613d6226633d64')
    assert.equal(raw.length, 98 + 2 + 12)
  })

  for (const [requestString, what] of [
    ['/', 'a path of its slash alone'],
    ['?passkey=1', 'a query without a path'],
    ['/announce?', 'an empty query'],
    ['/a%20b%2Fc%2f?q=%7E%zz%', 'percent-encoding as it stands, right or wrong'],
    ['/A/../b//c/./d', 'dots and slashes'],
    ['/a+b?c=[d]|{e}"<>^`', 'characters that a URL should have encoded'],
    ['/a?b?c=/d:e@f', 'delimiters behind the question mark'],
    ['/ünï?ç=ø', 'UTF-8']
  ]) {
    test(`carries ${what}`, async (t) => {
      const raw = await announceRequest(t, requestString)

      const bytes = Buffer.from(requestString)
      assert.deepEqual(raw.subarray(98), Buffer.concat([Buffer.from([2, bytes.length]), bytes]))
    })
  }

  test('ends before a fragment, which is not for the tracker', async (t) => {
    const raw = await announceRequest(t, '/a?b#c')
    assert.equal(raw.subarray(98).toString('latin1'), '\x02\x04/a?b')
  })

  test('of 255 bytes is one option, the longest there is', async (t) => {
    const path = '/' + 'x'.repeat(254)
    const raw = await announceRequest(t, path)
    assert.equal(raw.subarray(98).toString('latin1'), `\x02\xff${path}`)
  })

  test('of 256 bytes is an option of 255 and one of 1', async (t) => {
    const raw = await announceRequest(t, '/' + 'x'.repeat(254) + 'y')
    assert.equal(raw.subarray(98).toString('latin1'), `\x02\xff/${'x'.repeat(254)}\x02\x01y`)
  })

  test('of 600 bytes is three options, and a tracker puts them together', async (t) => {
    const query = '/announce?' + Array.from({ length: 590 }, (_, index) => index % 10).join('')
    const raw = await announceRequest(t, query)

    assert.equal(raw.length, 98 + 3 * 2 + 600)
    // The first option takes 2 + 255 bytes from offset 98, the second from 355, the third 90 from 612.
    assert.deepEqual([...raw.subarray(98, 100)], [2, 255])
    assert.deepEqual([...raw.subarray(355, 357)], [2, 255])
    assert.deepEqual([...raw.subarray(612, 614)], [2, 90])
    const pieces = [raw.subarray(100, 355), raw.subarray(357, 612), raw.subarray(614)]
    assert.equal(Buffer.concat(pieces).toString(), query)
  })

  test('is not sent without path and query, or with only a fragment', async (t) => {
    assert.equal((await announceRequest(t, '')).length, 98)
    assert.equal((await announceRequest(t, '#fragment')).length, 98)
  })

  test('is not sent with urlData: false, and is with true or undefined', async (t) => {
    assert.equal((await announceRequest(t, '/announce?a', { urlData: false })).length, 98)
    assert.equal((await announceRequest(t, '/announce?a', { urlData: true })).length, 111)
    assert.equal((await announceRequest(t, '/announce?a', { urlData: undefined })).length, 111)
  })

  test('is sent by the static announce too, and no scrape has it', async (t) => {
    const tracker = await startScriptedTracker(t)
    const url = `${tracker.url}/announce?a`
    await UdpTracker.announce(url, { peerId: PEER_ID, infoHash: INFO_HASH, port: 6881 })
    await UdpTracker.announce(url, {
      peerId: PEER_ID,
      infoHash: INFO_HASH,
      port: 6881,
      urlData: false
    })
    await UdpTracker.scrape(url, [INFO_HASH])

    assert.deepEqual(
      tracker.requests.map(({ raw }) => raw.length),
      [16, 111, 98, 36]
    )
    assert.equal(tracker.announces[0].rest.toString('latin1'), '\x02\x0b/announce?a')
  })
})

describe('the older extension, with auth', () => {
  const auth = { username: 'ann', password: 'secret' }

  // Offset 98: the mask; 100: the length of the user name; 101: the user name; then 8 bytes of the hash of all before
  // them, with the hash of the password behind it.
  function authentication(raw, mask, { username, password }) {
    const name = Buffer.from(username)
    const head = Buffer.concat([Buffer.from([0, mask, name.length]), name])
    const packet = Buffer.concat([raw.subarray(0, 98), head])
    return Buffer.concat([head, sha1(packet, sha1(Buffer.from(password))).subarray(0, 8)])
  }

  test('is mask 1, the user name and half a hash when the URL has no path', async (t) => {
    const raw = await announceRequest(t, '', { auth })

    assert.equal(raw.length, 98 + 2 + 1 + 3 + 8)
    assert.equal(raw.subarray(98, 104).toString('hex'), '0001' + '03' + '616e6e')
    assert.deepEqual(raw.subarray(98), authentication(raw, 1, auth))
  })

  test('is mask 3 and the request string behind the hash when it has one', async (t) => {
    const raw = await announceRequest(t, '/a%20b?c=d', { auth })

    assert.equal(raw.subarray(98, 104).toString('hex'), '0003' + '03' + '616e6e')
    const requestString = Buffer.from('\x0a/a%20b?c=d')
    assert.deepEqual(raw.subarray(98), Buffer.concat([authentication(raw, 3, auth), requestString]))
  })

  test('is sent with urlData: false as well, and has no options of BEP 41', async (t) => {
    const raw = await announceRequest(t, '', { auth, urlData: false })
    assert.deepEqual(raw.subarray(98), authentication(raw, 1, auth))
  })

  for (const [what, credentials] of [
    ['an empty user name and password', { username: '', password: '' }],
    ['a user name in UTF-8', { username: 'Bücher', password: 'pässword' }],
    ['a user name of 255 bytes', { username: 'u'.repeat(255), password: 'p'.repeat(10_000) }]
  ]) {
    test(`takes ${what}`, async (t) => {
      const raw = await announceRequest(t, '', { auth: credentials })
      assert.deepEqual(raw.subarray(98), authentication(raw, 1, credentials))
    })
  }

  test('hashes each packet anew: the transaction ID is in it', async (t) => {
    const tracker = await startScriptedTracker(t)
    const request = { peerId: PEER_ID, infoHash: INFO_HASH, port: 6881, auth }
    await UdpTracker.announce(tracker.url, request)
    await UdpTracker.announce(tracker.url, request)

    const [first, second] = tracker.announces.map(({ raw }) => raw)
    assert.deepEqual(first.subarray(98), authentication(first, 1, auth))
    assert.deepEqual(second.subarray(98), authentication(second, 1, auth))
    assert.notDeepEqual(first.subarray(104), second.subarray(104))
  })

  test('never sends the password itself', async (t) => {
    const raw = await announceRequest(t, '/x', { auth })
    assert.equal(raw.includes('secret'), false)
    assert.equal(raw.includes(sha1(Buffer.from('secret')).subarray(0, 8)), false)
  })

  test('with a user name longer than 255 bytes is a RangeError', async () => {
    const url = 'udp://127.0.0.1:1'
    for (const [username, length] of [
      ['u'.repeat(256), 256],
      ['ü'.repeat(128), 256],
      ['u'.repeat(70_000), 70_000]
    ]) {
      const message = `opts.auth.username must be at most 255 bytes long, got ${length}`
      const opts = { auth: { username, password: 'p' } }
      const error = { name: 'RangeError', message }
      assert.throws(() => new UdpTracker(PEER_ID, INFO_HASH, url, opts), error)
      const request = { ...opts, peerId: PEER_ID, infoHash: INFO_HASH, port: 6881 }
      await assert.rejects(UdpTracker.announce(url, request), error)
    }
  })

  test('takes a request string of 255 bytes; a longer one is an error', async (t) => {
    const longest = '/' + 'x'.repeat(254)
    const raw = await announceRequest(t, longest, { auth })
    assert.equal(raw.subarray(-256).toString('latin1'), `\xff${longest}`)

    assert.equal(
      await announceError(t, `${longest}y`, { auth }),
      'request string is 256 bytes long, at most 255 can be sent with authentication'
    )
  })
})

describe('a URL of 70,000 characters', () => {
  for (const opts of [{}, { urlData: false }, { auth: { username: 'ann', password: 'secret' } }]) {
    test(`is an error that names its length, with ${JSON.stringify(opts)}`, async (t) => {
      const text = await announceError(t, '/' + 'x'.repeat(70_000), opts)
      assert.match(
        text,
        /^announce URL is too long \(700\d\d bytes\): udp:\/\/127\.0\.0\.1:\d+\/xxx/
      )
      assert.ok(text.length < 300, `${text.length} characters`)
    })
  }

  test('rejects the promises with BAD_URL', async () => {
    const url = 'udp://127.0.0.1:1/' + 'x'.repeat(70_000)
    const error = { name: 'TrackerError', code: 'BAD_URL' }
    const request = { peerId: PEER_ID, infoHash: INFO_HASH, port: 6881 }
    await assert.rejects(UdpTracker.announce(url, request), error)
    await assert.rejects(UdpTracker.scrape(url, [INFO_HASH]), error)
  })
})
