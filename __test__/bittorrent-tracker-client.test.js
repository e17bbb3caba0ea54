// The Client of bittorrent-udp-tracker/bittorrent-tracker, and its UDPTracker on its own. What it sends and emits is compared
// with bittorrent-tracker's in compat/bittorrent-tracker.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { ROOT } = require('./support/child.js')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const wire = require('./support/wire.js')
const UdpTracker = require('..')
const entry = require('../lib/bittorrent-tracker/index.js')
const {
  GIVEN,
  INFO_HASH,
  PEER_ID,
  URL,
  all,
  create,
  heard
} = require('./support/bittorrent-tracker.js')

const { Client, UDPTracker } = entry

// Each once: an announce is sent again if its answer is late.
const eventsOf = (tracker) => [...new Set(tracker.announces.map(({ event }) => event))]

test('ES modules get the same classes', async () => {
  const exports = await import(pathToFileURL(path.join(ROOT, 'lib/bittorrent-tracker/index.mjs')))
  assert.deepEqual({ ...exports }, { ...entry })
})

describe('the constructor', () => {
  for (const name of ['infoHash', 'peerId', 'announce', 'port']) {
    for (const missing of [undefined, null, '']) {
      test(`names the option ${name} if it is ${JSON.stringify(missing)}`, () => {
        const opts = { ...GIVEN, [name]: missing }
        assert.throws(() => new Client(opts), {
          name: 'Error',
          message: `Option \`${name}\` is required`
        })
      })
    }
  }

  test('without options names the first that is required', () => {
    assert.throws(() => new Client(), { message: 'Option `peerId` is required' })
  })

  for (const [name, wrong, message] of [
    ['infoHash', 'ab', /^infoHash is not 40 digits of hex/],
    ['infoHash', Buffer.alloc(19), /^infoHash must be 20 bytes long/],
    ['peerId', '-XX0100-abcdefghijkl', /^peerId is not 40 digits of hex/],
    ['peerId', Buffer.alloc(21), /^peerId must be 20 bytes long/],
    ['port', 65536, /port must be a whole number from 0 to 65535/],
    ['transport', { proxy: 'http://127.0.0.1' }, /^transport.proxy/],
    ['transport', { proxi: 'socks5://127.0.0.1' }, /^transport.proxi is unknown/]
  ]) {
    test(`names the option ${name} if it is wrong`, () => {
      assert.throws(() => new Client({ ...GIVEN, [name]: wrong }), { message })
    })
  }

  test('has infoHash and peerId in hex, lower case, whatever they were given as', () => {
    const fromText = new Client({ ...GIVEN, infoHash: INFO_HASH.toUpperCase() })
    const infoHash = new Uint8Array(Buffer.from(INFO_HASH, 'hex'))
    const fromBytes = new Client({ ...GIVEN, infoHash, peerId: Buffer.from(PEER_ID, 'hex') })
    infoHash.fill(0)
    // As it was taken up to version 10.
    const fromArray = new Client({ ...GIVEN, infoHash: [INFO_HASH], peerId: [PEER_ID] })
    for (const client of [fromText, fromBytes, fromArray]) {
      assert.deepEqual([client.infoHash, client.peerId], [INFO_HASH, PEER_ID])
      assert.equal(client._infoHashBuffer.toString('hex'), INFO_HASH)
    }
  })

  test('takes port 0', () => {
    assert.equal(new Client({ ...GIVEN, port: 0 })._port, 0)
  })

  test('takes URLs as texts and bytes, each once, with and without a slash behind it', () => {
    const announce = new Set([URL, `${URL}/`, Buffer.from(URL), `${URL}0`])
    const { _trackers: trackers } = new Client({ ...GIVEN, announce })
    assert.deepEqual(
      trackers.map(({ announceUrl }) => announceUrl),
      [URL, `${URL}0`]
    )
  })

  test('warns of a URL that is not udp, and uses the others', async (t) => {
    const announce = ['http://tracker.example.org/announce', 'wss://tracker.example.org', 'x', URL]
    const client = create(t, { announce })
    const warnings = await all(client, 'warning', 3)
    assert.deepEqual(
      warnings.map(({ message }) => message),
      announce.slice(0, 3).map((url) => `Unsupported tracker protocol: ${url}`)
    )
    assert.equal(client._trackers.length, 1)
  })
})

test('a URL that cannot be used is a warning that names it', async (t) => {
  const announce = 'udp://tracker.example.org:99999'
  const client = create(t, { announce })
  client.start()
  const warning = await heard(client, 'warning')
  assert.ok(warning.message.endsWith(` (${announce})`), warning.message)
  assert.deepEqual([warning.code, warning.url], ['BAD_URL', announce])
})

test('its requests count in the stats', async (t) => {
  const tracker = await startScriptedTracker(t)
  const client = create(t, { announce: tracker.url })
  const earlier = UdpTracker.stats().requests
  client.start()
  await heard(client, 'update')
  assert.equal(UdpTracker.stats().requests, earlier + 1)
})

test('a tracker that refuses is a warning in its own words, with a code', async (t) => {
  const tracker = await startScriptedTracker(t, {
    announce: (request) => wire.errorResponse(request, 'torrent is not registered')
  })
  const client = create(t, { announce: tracker.url })
  client.start()
  const { message, code, url } = await heard(client, 'warning')
  assert.deepEqual([message, code], ['torrent is not registered', 'TRACKER_ERROR'])
  assert.equal(url, tracker.url)
})

test("nothing is written into the caller's options", async (t) => {
  const tracker = await startScriptedTracker(t)
  const client = create(t, { announce: tracker.url })
  const opts = Object.freeze({ left: 5 })
  for (const method of ['start', 'complete', 'update', 'stop', 'scrape']) {
    const answered = heard(client, method === 'scrape' ? 'scrape' : 'update')
    client[method](opts)
    await answered
  }
  assert.deepEqual(eventsOf(tracker), [2, 1, 0, 3])
})

test('update may announce "paused", and no other event', async (t) => {
  const tracker = await startScriptedTracker(t)
  const client = create(t, { announce: tracker.url })
  for (const event of ['paused', 'started']) {
    client.update({ event })
    await heard(client, 'update')
  }
  assert.deepEqual(eventsOf(tracker), [4, 0])
})

test('setInterval(0) ends the announces at intervals', (t) => {
  const client = create(t)
  const [tracker] = client._trackers
  client.setInterval(1000)
  assert.ok(tracker.interval.hasRef() === false)
  client.setInterval(0)
  assert.equal(tracker.interval, null)
})

test('destroy calls back, later, each time it is called', async (t) => {
  const client = create(t)
  let isLater = false
  const calls = [1, 2].map(() => {
    return new Promise((resolve) => client.destroy((error) => resolve([error, isLater])))
  })
  isLater = true
  assert.deepEqual(await Promise.all(calls), [
    [null, true],
    [null, true]
  ])
})

for (const notAFunction of [null, undefined, 0, {}]) {
  test(`destroy(${notAFunction}) with a request in flight has nobody to call`, async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const client = create(t, { announce: tracker.url })
    client.start()
    await tracker.nextAnnounce()
    const [own] = client._trackers
    client.destroy(notAFunction)
    // Nothing calls back when the request ends, either.
    own.cleanupFns.slice().forEach((cleanup) => cleanup())
    assert.equal(own.cleanupFns.length, 0)
  })
}

describe('a UDPTracker on its own', () => {
  const clientOf = () => {
    return Object.assign(new EventEmitter(), {
      infoHash: INFO_HASH,
      _infoHashBuffer: Buffer.from(INFO_HASH, 'hex'),
      _peerIdBuffer: Buffer.from(PEER_ID, 'hex'),
      _port: 6881,
      _defaultAnnounceOpts: () => ({ left: 5 })
    })
  }

  test('announces and scrapes for the client that it is given', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = clientOf()
    const udpTracker = new UDPTracker(client, tracker.url)
    t.after(() => udpTracker.destroy())
    udpTracker.announce()
    await heard(client, 'update')
    udpTracker.scrape()
    const { infoHash } = await heard(client, 'scrape')
    assert.equal(infoHash, INFO_HASH)
    udpTracker.setInterval(1)
    await heard(client, 'update')
    const lefts = new Set(tracker.announces.map(({ left }) => left))
    assert.deepEqual([...lefts], [2n ** 64n - 1n, 5n])
  })

  test('does not throw for a client that cannot be announced', async (t) => {
    const client = Object.assign(clientOf(), { _peerIdBuffer: Buffer.from('short') })
    const udpTracker = new UDPTracker(client, URL)
    t.after(() => udpTracker.destroy())
    udpTracker.announce({})
    const { message } = await heard(client, 'warning')
    assert.equal(message, `peerId must be 20 bytes long, got 5 (${URL})`)
  })
})

describe('counters', () => {
  const { counters } = require('../lib/bittorrent-tracker/values.js')
  const MOST = 2n ** 64n - 1n
  for (const [given, sent] of [
    [5, 5],
    [5.9, 5],
    [5e9 + 0.5, 5e9],
    [2 ** 60, 2n ** 60n],
    [2 ** 64, MOST],
    [1e300, MOST],
    [7n, 7n],
    [2n ** 70n, MOST],
    ['5000000000', 5000000000n],
    ['1e3', 1000],
    [-0.5, 0],
    [true, 1],
    [[], 0]
  ]) {
    test(`${typeof given} ${String(given)} is sent as ${sent}`, () => {
      const { downloaded, left, uploaded } = counters({
        downloaded: given,
        left: given,
        uploaded: given
      })
      for (const counter of [downloaded, left, uploaded])
        assert.equal(BigInt(counter), BigInt(sent))
    })
  }
  for (const given of [undefined, null, '', NaN, Infinity, -Infinity, -1, -1n, 'many', {}]) {
    test(`${typeof given} ${String(given)} is not known of what is left, and 0 of the others`, () => {
      const all = { downloaded: given, left: given, uploaded: given }
      assert.deepEqual(counters(all), { downloaded: 0, left: null, uploaded: 0 })
    })
  }
})
