// UdpTracker.ping(): what it sends and measures, and what it is rejected with.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const dgram = require('node:dgram')
const { once } = require('node:events')
const { setImmediate } = require('node:timers/promises')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { UdpTracker, REQUEST, rejection } = require('./support/client.js')
const { deadline, patient } = require('./support/deadline.js')
const { withoutAddresses, withoutIPv6 } = require('./support/loopback.js')
const { A_THREAD_OF_ITS_OWN } = require('./support/portable.js')
const wire = require('./support/wire.js')

const { announce, ping, scrape, TrackerError } = UdpTracker

const lookup = (...addresses) => ({ lookup: async () => addresses })

// A port of 127.0.0.1 that nobody listens on.
async function closedPort() {
  const socket = dgram.createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

describe('ping()', () => {
  test('resolves to exactly address, family, lookup and roundTrip', async (t) => {
    const tracker = await startScriptedTracker(t)
    const { roundTrip, ...rest } = await ping(`${tracker.url}/announce?passkey=1`)
    assert.deepEqual(rest, { address: `127.0.0.1:${tracker.port}`, family: 4, lookup: null })
    assert.ok(roundTrip > 0)
    assert.deepEqual(
      tracker.requests.map(({ raw }) => raw.length),
      [16]
    )
  })

  test('goes out each time, also when a connection ID is known, which it gives to others', async (t) => {
    const tracker = await startScriptedTracker(t)
    for (let count = 1; count < 4; count++) {
      await ping(tracker.url)
      assert.equal(tracker.connects.length, count)
    }
    await announce(tracker.url, REQUEST)
    assert.equal(tracker.connects.length, 3)
    await ping(tracker.url)
    assert.equal(tracker.connects.length, 4)
  })

  test('many at once are a datagram each', async (t) => {
    const tracker = await startScriptedTracker(t)
    await Promise.all(Array.from({ length: 100 }, () => ping(tracker.url)))
    assert.equal(tracker.connects.length, 100)
  })

  test('says how long the look-up took, if there was one', async (t) => {
    const tracker = await startScriptedTracker(t)
    const url = `udp://tracker.test:${tracker.port}`
    const transport = lookup('127.0.0.1')
    const first = await ping(url, { transport })
    assert.equal(typeof first.lookup, 'number')
    assert.equal((await ping(url, { transport })).lookup, null)
  })

  test(
    'a busy JavaScript thread adds nothing to the round trip',
    A_THREAD_OF_ITS_OWN,
    async (t) => {
      const tracker = await startScriptedTracker(t, { connect: silent })
      const pinged = ping(tracker.url)
      const request = await tracker.nextConnect()
      await tracker.send(wire.connectResponse(request, Buffer.alloc(8, 1)), request)
      const busySince = performance.now()
      while (performance.now() < busySince + 500);
      const { roundTrip } = await pinged
      assert.ok(roundTrip < performance.now() - busySince, `${roundTrip} ms`)
    }
  )

  test('a connect that is lost is lost, unless it is to be sent again', async (t) => {
    const tracker = await startScriptedTracker(t, { connect: silent })
    const error = await rejection(ping(tracker.url, { timeout: 50, _timeout: 5 }))
    assert.equal(error.code, 'TIMEOUT')
    assert.equal(error.message, 'tracker is not responding after:50')
    assert.equal(error.phase, 'connect')
    assert.equal(error.address, `127.0.0.1:${tracker.port}`)
    assert.equal(tracker.connects.length, 1)

    let connects = 0
    const deaf = await startScriptedTracker(t, {
      connect: (request, self) =>
        ++connects < 3 ? null : wire.connectResponse(request, self.issueConnectionId())
    })
    await ping(deaf.url, { _timeout: 5, retransmit: true })
    assert.equal(connects, 3)
  })

  test('a closed port is told at once', async () => {
    const port = await closedPort()
    for (const retransmit of [false, true]) {
      const error = await rejection(ping(`udp://127.0.0.1:${port}`, { retransmit, timeout: 1e6 }))
      assert.equal(error.code, 'NETWORK')
      assert.equal(error.message, `cannot reach tracker 127.0.0.1:${port}: port closed`)
      assert.equal(error.cause.code, 'ECONNREFUSED')
      assert.equal(error.phase, 'connect')
      assert.equal(error.address, `127.0.0.1:${port}`)
    }
  })

  describe('a closed port', () => {
    test(
      'on one address costs an announce and a ping of a host no time',
      { skip: withoutAddresses },
      async (t) => {
        const tracker = await startScriptedTracker(t, { address: '127.0.0.2' })
        const url = `udp://tracker.test:${tracker.port}`
        const transport = lookup('127.0.0.1', '127.0.0.2')
        assert.equal((await ping(url, { transport })).address, `127.0.0.2:${tracker.port}`)
        const { connects } = UdpTracker.stats()
        await announce(url, { ...REQUEST, transport: lookup('127.0.0.1', '127.0.0.2') })
        assert.equal(tracker.announces.length, 1)
        assert.equal(UdpTracker.stats().connects, connects + 2)
      }
    )

    test('ends no announce and no scrape', async () => {
      const url = `udp://127.0.0.1:${await closedPort()}`
      const calls = [
        announce(url, { ...REQUEST, timeout: 100 }),
        scrape(url, [REQUEST.infoHash], { timeout: 100 })
      ]
      for (const call of calls) assert.equal((await rejection(call)).code, 'TIMEOUT')
    })

    test('costs requests to other addresses nothing', async (t) => {
      const tracker = await startScriptedTracker(t)
      const closed = `udp://127.0.0.1:${await closedPort()}`
      const before = UdpTracker.stats().retransmissions
      const calls = Array.from({ length: 50 }, (_, i) => ping(i % 2 === 0 ? tracker.url : closed))
      const settled = await Promise.allSettled(calls)
      assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 25)
      await announce(tracker.url, REQUEST)
      assert.equal(tracker.connects.length, 25)
      assert.equal(UdpTracker.stats().retransmissions, before)
    })
  })

  test("an error, and what is no answer, are the tracker's", async (t) => {
    for (const [answer, code, message] of [
      [(request) => wire.errorResponse(request, 'go away'), 'TRACKER_ERROR', 'go away'],
      [
        (request) => wire.connectResponse(request, Buffer.alloc(8)).subarray(0, 12),
        'BAD_RESPONSE',
        'connect response is not 16 bytes long'
      ]
    ]) {
      const tracker = await startScriptedTracker(t, { connect: answer })
      const error = await rejection(ping(tracker.url))
      assert.deepEqual([error.code, error.message], [code, message])
      assert.equal(error.address, `127.0.0.1:${tracker.port}`)
    }
  })

  test('what cannot be asked is told as for an announce', async () => {
    for (const [url, code] of [
      ['http://127.0.0.1', 'BAD_URL'],
      ['udp://239.255.255.250:6969', 'NETWORK'],
      ['udp://0.0.0.1:6969', 'NETWORK'],
      ['udp://255.255.255.255:6969', 'NETWORK']
    ]) {
      const [error, announced] = [
        await rejection(ping(url)),
        await rejection(announce(url, REQUEST))
      ]
      assert.equal(error.code, code)
      assert.equal(error.message, announced.message)
    }
    await assert.rejects(ping('udp://127.0.0.1', { retransmit: 'yes' }), TypeError)
    await assert.rejects(ping('udp://127.0.0.1', { family: 5 }), RangeError)
    await assert.rejects(ping('udp://127.0.0.1', { timeout: -1 }), RangeError)
    await assert.rejects(ping('udp://127.0.0.1', 5), TypeError)
  })

  test('ends with its signal', async (t) => {
    const tracker = await startScriptedTracker(t, { connect: silent })
    const abort = new AbortController()
    const pinged = ping(tracker.url, { signal: abort.signal })
    await tracker.nextConnect()
    abort.abort(new Error('enough'))
    await assert.rejects(pinged, { message: 'enough' })
    const forgotten = async () => {
      while (UdpTracker.stats().pending > 0) await setImmediate()
    }
    await deadline(forgotten(), 'the engine did not forget the request')
  })

  test('over both families', { skip: withoutIPv6 }, async (t) => {
    const four = await startScriptedTracker(t)
    const url = `udp://localhost.test:${four.port}`
    const transport = { lookup: async (host, { family }) => [family === 6 ? '::1' : '127.0.0.1'] }
    const result = await ping(url, { family: 'both', timeout: patient(500), transport })
    assert.equal(result[4].family, 4)
    assert.ok(result[6] instanceof TrackerError)
  })

  test('is told on the channels with its URL', async (t) => {
    const { subscribe, unsubscribe } = require('node:diagnostics_channel')
    const tracker = await startScriptedTracker(t)
    const told = []
    const note = (message) => told.push(message)
    subscribe('bittorrent-udp-tracker:answer', note)
    t.after(() => unsubscribe('bittorrent-udp-tracker:answer', note))
    const { roundTrip } = await ping(tracker.url)
    assert.deepEqual(told, [
      {
        request: 'connect',
        address: `127.0.0.1:${tracker.port}`,
        attempt: 1,
        roundTrip,
        url: tracker.url,
        infoHash: null
      }
    ])
  })
})
