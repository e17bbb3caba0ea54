// The bytes on the wire: the 16 of a connect request and the 98 of an announce, field by field (BEP 15).
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { UdpTracker, INFO_HASH, PEER_ID } = require('./support/client.js')
const { createClient, nextUpdate, nextError, recordEvents } = require('./support/client.js')
const { allDelivered } = require('./support/client.js')
const wire = require('./support/wire.js')

// The announce request that a tracker gets from a client made and asked like this.
async function announceRequest(t, { opts, event = 2, counters }) {
  const tracker = await startScriptedTracker(t)
  const client = createClient(t, tracker.url, opts)
  client.announce(event, counters)
  await nextUpdate(client)
  return tracker.announces[0]
}

describe('a connect request', () => {
  test('is the protocol ID, action 0 and a transaction ID', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url)
    client.announce(2)
    await nextUpdate(client)

    const [{ raw, kind }] = tracker.requests
    assert.equal(kind, 'connect')
    assert.equal(raw.length, 16)
    assert.deepEqual(raw.subarray(0, 12), Buffer.from('000004172710198000000000', 'hex'))
  })
})

describe('an announce request', () => {
  test('is 98 bytes, with what the original sends where nothing is asked for', async (t) => {
    const { raw } = await announceRequest(t, {})

    assert.equal(raw.length, 98)
    assert.deepEqual(raw.subarray(8, 12), wire.uint32(1), 'action')
    assert.deepEqual(raw.subarray(16, 36), INFO_HASH, 'info-hash')
    assert.deepEqual(raw.subarray(36, 56), PEER_ID, 'peer ID')
    assert.deepEqual(raw.subarray(56, 80), Buffer.alloc(24), 'downloaded, left, uploaded')
    assert.deepEqual(raw.subarray(80, 84), wire.uint32(2), 'event')
    assert.deepEqual(raw.subarray(84, 88), wire.uint32(0), 'IP address')
    assert.deepEqual(raw.subarray(88, 92), wire.uint32(0), 'key')
    assert.deepEqual(raw.subarray(92, 96), wire.uint32(50), 'num_want')
    assert.deepEqual(raw.subarray(96, 98), Buffer.from([0, 0]), 'port')
  })

  test('puts each option and counter where BEP 15 has it', async (t) => {
    const { raw } = await announceRequest(t, {
      opts: { port: 6881, numWant: 200, key: 0xdeadbeef, ip: '1.2.3.4' },
      counters: { downloaded: 0x0102030405, left: 0x1112131415, uploaded: 0x0504030201 }
    })

    assert.equal(raw.length, 98)
    assert.equal(raw.subarray(56, 64).toString('hex'), '0000000102030405', 'downloaded')
    assert.equal(raw.subarray(64, 72).toString('hex'), '0000001112131415', 'left')
    assert.equal(raw.subarray(72, 80).toString('hex'), '0000000504030201', 'uploaded')
    assert.equal(raw.subarray(84, 88).toString('hex'), '01020304', 'IP address')
    assert.equal(raw.subarray(88, 92).toString('hex'), 'deadbeef', 'key')
    assert.equal(raw.subarray(92, 96).toString('hex'), '000000c8', 'num_want')
    assert.equal(raw.subarray(96, 98).toString('hex'), '1ae1', 'port')
  })

  test('carries the connection ID that the tracker gave and a new transaction ID', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url)
    client.announce(2)
    await nextUpdate(client)

    const [connect, announce] = tracker.requests
    assert.deepEqual(announce.connectionId, tracker.connectionIds[0])
    assert.notEqual(announce.transactionId, connect.transactionId)
  })

  test('takes the info-hash as hex and the peer ID as UTF-8', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = new UdpTracker('ä'.repeat(10), 'AbCdEf0123'.repeat(4), tracker.url)
    t.after(() => client.destroy())
    client.announce(2)
    await nextUpdate(client)

    const [{ infoHash, peerId }] = tracker.announces
    assert.equal(infoHash.toString('hex'), 'abcdef0123'.repeat(4))
    assert.equal(peerId.toString('hex'), 'c3a4'.repeat(10))
  })

  test('takes both as a Uint8Array that is a part of a larger one', async (t) => {
    const bytes = Uint8Array.from({ length: 60 }, (_, i) => i)
    const tracker = await startScriptedTracker(t)
    const client = new UdpTracker(bytes.subarray(5, 25), bytes.subarray(30, 50), tracker.url)
    t.after(() => client.destroy())
    client.announce(2)
    await nextUpdate(client)

    const [{ infoHash, peerId }] = tracker.announces
    assert.deepEqual(peerId, Buffer.from(bytes.subarray(5, 25)))
    assert.deepEqual(infoHash, Buffer.from(bytes.subarray(30, 50)))
  })

  for (const port of [0, 1, 65535]) {
    test(`carries port ${port}`, async (t) => {
      assert.equal((await announceRequest(t, { opts: { port } })).port, port)
    })
  }

  for (const key of [0, 1, 0xffffffff]) {
    test(`carries key ${key}`, async (t) => {
      assert.equal((await announceRequest(t, { opts: { key } })).key, key)
    })
  }

  for (const counter of [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER, 0n, 2n ** 53n, 2n ** 64n - 1n]) {
    test(`counts ${typeof counter} ${counter} in downloaded, left and uploaded`, async (t) => {
      const { downloaded, left, uploaded } = await announceRequest(t, {
        counters: { downloaded: counter, left: counter, uploaded: counter }
      })
      assert.deepEqual([downloaded, left, uploaded], Array(3).fill(BigInt(counter)))
    })
  }

  test('has 2^64 - 1 left where that is not known, and 0 of what is not given', async (t) => {
    const counters = { downloaded: null, left: Infinity, uploaded: undefined }
    const { downloaded, left, uploaded } = await announceRequest(t, { counters })
    assert.deepEqual([downloaded, left, uploaded], [0n, 2n ** 64n - 1n, 0n])
    for (const counters of [{}, { left: null }, { left: NaN }]) {
      assert.equal((await announceRequest(t, { counters })).left, 0n)
    }
  })

  test('keeps the three counters apart', async (t) => {
    const { downloaded, left, uploaded } = await announceRequest(t, {
      counters: { downloaded: 1, left: 2n, uploaded: 3 }
    })
    assert.deepEqual([downloaded, left, uploaded], [1n, 2n, 3n])
  })
})

describe('the event', () => {
  const events = [
    [0, 0],
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    ['none', 0],
    ['completed', 1],
    ['started', 2],
    ['stopped', 3],
    ['paused', 4]
  ]
  for (const [event, number] of events) {
    test(`${JSON.stringify(event)} goes out as ${number}`, async (t) => {
      assert.equal((await announceRequest(t, { event })).event, number)
    })
  }

  const unknown = [5, -1, 1.5, NaN, 'pause', 'Started', '', 'constructor', '__proto__', null, {}]
  for (const event of [...unknown, undefined]) {
    test(`${typeof event} ${JSON.stringify(event)} is unknown and nothing is sent`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const client = createClient(t, tracker.url)
      const events = recordEvents(client)
      client.announce(event)
      await allDelivered(t)

      assert.deepEqual(events, [['error', 'unknown event']])
      assert.deepEqual(tracker.requests, [])
      assert.equal(client._socket, null)
    })
  }
})

describe('a URL without a port', () => {
  test('means port 80', async (t) => {
    let tracker
    try {
      tracker = await startScriptedTracker(t, { port: 80 })
    } catch (error) {
      return t.skip(`this user cannot have port 80 of 127.0.0.1 (${error.code})`)
    }
    const client = createClient(t, 'udp://127.0.0.1')
    client.announce(2)

    await nextUpdate(client)
    assert.equal(tracker.announces.length, 1)
  })

  test('is not one with port 0, which cannot be used', async (t) => {
    const client = createClient(t, 'udp://127.0.0.1:0')
    const failed = nextError(client)
    client.announce(2)

    assert.match(await failed, /127\.0\.0\.1:0/)
  })
})
