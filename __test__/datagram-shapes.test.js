// Answers of every shape: each length from 0 to 19 bytes, partial rows, extreme intervals, and plain noise.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { createClient, nextUpdate, nextError } = require('./support/client.js')
const { recordEvents, allDelivered } = require('./support/client.js')
const { withoutIPv6 } = require('./support/loopback.js')
const wire = require('./support/wire.js')

const SHORT_TEXT = {
  connect: 'connect response is not 16 bytes long',
  announce: 'announce response should be 20 bytes'
}

// So many there are without an answer (BEP 15).
const SENDS = 7

// Side by side: most of them wait three seconds.
describe('an answer that is too short', { concurrency: true }, () => {
  for (const [phase, needed] of [
    ['connect', 16],
    ['announce', 20]
  ]) {
    for (let length = 0; length < needed; length++) {
      test(`to ${phase}: ${length} bytes end in the text about its length`, async (t) => {
        const tracker = await startScriptedTracker(t, {
          [phase]: (request) => {
            const whole =
              phase === 'connect'
                ? wire.connectResponse(request, Buffer.alloc(8, 1))
                : wire.announceResponse(request)
            return whole.subarray(0, length)
          }
        })
        // Below 8 bytes nothing shows whose answer it is, and the error waits three seconds for a better one.
        const client = createClient(t, tracker.url)
        client.announce(2)

        assert.equal(await nextError(client), SHORT_TEXT[phase])
        // On a slow machine there may be sends before the answer to the first is read, but not all of them.
        const sends = tracker[`${phase}s`].length
        assert.ok(length < 8 ? sends < SENDS : sends === 1, `${sends} sends`)
        assert.equal(client._socket, null)
      })
    }
  }
})

describe('a partial last row is ignored', () => {
  const row4 = Buffer.from('0a0a0a0a1ae1', 'hex')
  const row6 = Buffer.from('20010db80000000000000000000000011ae1', 'hex')
  for (const [family, row, peer, skip] of [
    [4, row4, '10.10.10.10:6881', false],
    [6, row6, '[2001:db8::1]:6881', withoutIPv6]
  ]) {
    for (let stray = 1; stray < row.length; stray++) {
      test(
        `over IPv${family}: ${stray} bytes, alone and behind a whole row`,
        { skip },
        async (t) => {
          const tracker = await startScriptedTracker(t, {
            family,
            announce: (request, { announces }) =>
              wire.announceResponse(request, {
                peers: Buffer.concat([row, row.subarray(0, stray)]).subarray(
                  announces.length === 1 ? row.length : 0
                )
              })
          })
          const client = createClient(t, tracker.url)
          client.announce(2)
          assert.deepEqual((await nextUpdate(client)).peers, [])
          client.announce(2, { force: true })
          assert.deepEqual((await nextUpdate(client)).peers, [peer])
          assert.equal(client._socket, null)
        }
      )
    }
  }
})

describe('an interval', () => {
  test('of 0 waits a second', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => wire.announceResponse(request, { interval: 0 })
    })
    const client = createClient(t, tracker.url)
    client.announce(2)
    await nextUpdate(client)
    assert.equal(client.interval, 0)
    assert.equal(client._in_interval, true)
    await nextUpdate(client)

    const [first, second] = tracker.announces
    assert.ok(second.at - first.at >= 998, `${second.at - first.at} ms`)
    assert.equal(tracker.announces.length, 2)
  })

  for (const interval of [2147484, 0x7fffffff, 0xffffffff]) {
    test(`of ${interval} s is limited to the longest that a timer can wait`, async (t) => {
      const warnings = []
      const onWarning = ({ name }) => warnings.push(name)
      process.on('warning', onWarning)
      t.after(() => process.removeListener('warning', onWarning))

      const tracker = await startScriptedTracker(t, {
        announce: (request) => wire.announceResponse(request, { interval })
      })
      const client = createClient(t, tracker.url)
      client.announce(2)
      await nextUpdate(client)
      // A timer that overflows ends after 1 ms, long before this does.
      await allDelivered(t)
      const overflowed = await new Promise((resolve) => {
        setTimeout(() => resolve(tracker.announces.length > 1 || !client._in_interval), 10)
      })

      assert.equal(overflowed, false)
      assert.equal(client.interval, interval)
      assert.deepEqual(warnings, [])
    })
  }
})

// Repeatable noise (mulberry32).
function noiseSource(seed) {
  const next = () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return {
    below: (limit) => next() % limit,
    bytes: (length) => Buffer.from(Array.from({ length }, () => next() & 255))
  }
}

describe('noise from the tracker', () => {
  for (const phase of ['connect', 'announce']) {
    test(`while a ${phase} request waits: 64 KB of it do not keep the answer away`, async (t) => {
      const noise = noiseSource(phase.length)
      const tracker = await startScriptedTracker(t, { [phase]: () => [] })
      const client = createClient(t, tracker.url)
      const events = recordEvents(client)
      client.announce(2)
      const request = await tracker.next(phase)
      const updated = nextUpdate(client)

      for (let sent = 0, unread = 0; sent < 65536;) {
        const datagram = noise.bytes(noise.below(4) === 0 ? noise.below(2000) : noise.below(40))
        // Now and then with an action that exists.
        if (datagram.length >= 4 && noise.below(2) === 0) datagram.writeUInt32BE(noise.below(5), 0)
        await tracker.send(datagram, request)
        sent += datagram.length
        unread += datagram.length
        // Not more at a time than a socket's buffer holds, or the answer itself would get lost.
        if (unread > 16384) {
          await allDelivered(t)
          unread = 0
        }
      }
      assert.deepEqual(events, [])

      tracker.script.announce = (announce) => wire.announceResponse(announce, { seeds: 7 })
      const answer =
        phase === 'connect'
          ? wire.connectResponse(request, tracker.issueConnectionId())
          : wire.announceResponse(request, { seeds: 7 })
      await tracker.send(answer, request)

      assert.equal((await updated).seeds, 7)
      assert.equal(events.length, 1)
      assert.equal(client._socket, null)
    })

    test(`while a ${phase} request waits: the largest datagram there is`, async (t) => {
      const noise = noiseSource(phase.length)
      const tracker = await startScriptedTracker(t, { [phase]: () => [] })
      const client = createClient(t, tracker.url, { _timeout: 100 })
      client.announce(2)
      const request = await tracker.next(phase)
      const failed = nextError(client)
      await tracker.send(noise.bytes(65507), request)

      assert.equal(typeof (await failed), 'string')
      assert.equal(client._socket, null)
    })
  }

  test('an announce answer as large as a datagram can be is read whole', async (t) => {
    const rows = Math.floor((65507 - 20) / 6)
    const tracker = await startScriptedTracker(t, {
      announce: (request) =>
        wire.announceResponse(request, { peers: Buffer.alloc(65507 - 20, 0x01) })
    })
    const client = createClient(t, tracker.url)
    client.announce(2)

    const { peers } = await nextUpdate(client)
    assert.equal(peers.length, rows)
    assert.equal(peers.at(-1), '1.1.1.1:257')
  })

  test('when no request waits for an answer', async (t) => {
    const noise = noiseSource(42)
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url)
    client.announce(2)
    await nextUpdate(client)
    const events = recordEvents(client)
    for (let i = 0; i < 100; i++) {
      await tracker.send(noise.bytes(noise.below(200)), tracker.announces[0])
    }
    await allDelivered(t)

    assert.deepEqual(events, [])
  })
})
