// A programmer's mistake throws, at the call that makes it, and names the argument.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { inspect } = require('node:util')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { UdpTracker, INFO_HASH, PEER_ID } = require('./support/client.js')
const { createClient, nextUpdate, recordEvents, allDelivered } = require('./support/client.js')
const wire = require('./support/wire.js')

const URL = 'udp://127.0.0.1:6969'
const notBytes = [undefined, null, 20, true, {}, Symbol('20'), () => {}, 20n]

const name = (value) => {
  const text = typeof value === 'symbol' || typeof value === 'function' ? '' : inspect(value)
  return `${typeof value} ${text}`.trim()
}

describe('infoHash', () => {
  for (const [given, length] of [
    [Buffer.alloc(0), 0],
    [Buffer.alloc(19), 19],
    [Buffer.alloc(21), 21],
    [new Uint8Array(31), 31],
    [new Uint8Array(33), 33],
    [Buffer.alloc(100_000), 100_000],
    ['ab'.repeat(19), 38],
    ['ab'.repeat(21), 42],
    ['ab'.repeat(31), 62],
    ['ab'.repeat(33), 66],
    ['', 0],
    [[], 0],
    [Array(21).fill(1), 21]
  ]) {
    test(`of ${length} in a ${given.constructor.name} is a RangeError with both names`, () => {
      assert.throws(
        () => new UdpTracker(PEER_ID, given, URL),
        (error) => {
          assert.ok(error instanceof RangeError, String(error))
          assert.match(error.message, /infoHash/)
          assert.match(error.message, new RegExp(`\\b${length}\\b`))
          return true
        }
      )
    })
  }

  for (const given of [
    'zz'.repeat(20),
    `${'ab'.repeat(19)}zz`,
    `${'ab'.repeat(19)}a`,
    'x'.repeat(40)
  ]) {
    test(`${given} is not 20 bytes of hex`, () => {
      assert.throws(() => new UdpTracker(PEER_ID, given, URL), {
        name: 'RangeError',
        message: /infoHash/
      })
    })
  }

  for (const given of notBytes) {
    test(`as ${name(given)} is a TypeError`, () => {
      assert.throws(() => new UdpTracker(PEER_ID, given, URL), {
        name: 'TypeError',
        message: /infoHash/
      })
    })
  }
})

describe('peerId', () => {
  for (const [given, length] of [
    [Buffer.alloc(0), 0],
    [Buffer.alloc(19), 19],
    [new Uint8Array(21), 21],
    ['-XX0100-abcdefghijk', 19],
    ['-XX0100-abcdefghijklm', 21],
    ['ä'.repeat(20), 40],
    ['', 0]
  ]) {
    test(`of ${length} bytes in a ${given.constructor.name} is a RangeError with both names`, () => {
      assert.throws(
        () => new UdpTracker(given, INFO_HASH, URL),
        (error) => {
          assert.ok(error instanceof RangeError, String(error))
          assert.match(error.message, /peerId/)
          assert.match(error.message, new RegExp(`\\b${length}\\b`))
          return true
        }
      )
    })
  }

  for (const given of notBytes) {
    test(`as ${name(given)} is a TypeError`, () => {
      assert.throws(() => new UdpTracker(given, INFO_HASH, URL), {
        name: 'TypeError',
        message: /peerId/
      })
    })
  }
})

describe('the option', () => {
  const ranges = {
    port: [-1, -0.5, 65536, 65535.5, Infinity, -Infinity, 2 ** 32],
    numWant: [1.5, NaN, Infinity, 2 ** 32],
    key: [-1, 1.5, NaN, Infinity, 2 ** 32],
    family: [5, -4, 46, NaN, 4.5],
    ip: ['', '1.2.3', '1.2.3.256', '::1', 'localhost', '1.2.3.4:80', ' 1.2.3.4'],
    _timeout: [-1, 'x', {}, Infinity],
    timeout: [0, -1, Infinity],
    minInterval: [-1, NaN],
    jitter: [-0.1, 1.1],
    events: ['twice', true]
  }
  for (const [option, values] of Object.entries(ranges)) {
    for (const value of values) {
      test(`${option} out of range (${inspect(value)}) is a RangeError`, () => {
        assert.throws(() => new UdpTracker(PEER_ID, INFO_HASH, URL, { [option]: value }), {
          name: 'RangeError',
          message: new RegExp(option)
        })
      })
    }
  }

  const types = {
    port: [80n, Symbol('80')],
    _timeout: [80n, Symbol('80')],
    timeout: [{}, true],
    signal: [{}, 5],
    retry: ['yes', 1],
    keepAlive: ['yes', 1],
    minInterval: ['60'],
    jitter: ['10 %'],
    numWant: ['50', {}, true, 50n],
    key: ['1', {}, true, 1n, Buffer.alloc(4)],
    family: ['IPv4', {}, true],
    ip: [0x01020304, {}, true, Buffer.from([1, 2, 3, 4])],
    auth: ['user:password', 1, true, {}, { username: 'u' }, { username: 1, password: 'p' }]
  }
  for (const [option, values] of Object.entries(types)) {
    for (const value of values) {
      test(`${option} of a wrong type (${inspect(value)}) throws and is named`, () => {
        assert.throws(
          () => new UdpTracker(PEER_ID, INFO_HASH, URL, { [option]: value }),
          (error) => {
            assert.ok(error instanceof TypeError || error instanceof RangeError, String(error))
            assert.match(error.message, new RegExp(option))
            return true
          }
        )
      })
    }
  }

  for (const option of [...Object.keys({ ...ranges, ...types }), 'urlData']) {
    test(`${option} that is undefined is the default`, () => {
      new UdpTracker(PEER_ID, INFO_HASH, URL, { [option]: undefined })
    })
  }
})

describe('a counter', () => {
  const bad = [-1, 0.5, 2 ** 53, -Infinity, -1n, 2n ** 64n, {}, '-1', '1.5', 'x']
  for (const counter of ['downloaded', 'left', 'uploaded']) {
    for (const value of counter === 'left' ? bad : [...bad, Infinity]) {
      test(`${counter}: ${name(value)} is a RangeError, and nothing is sent`, async (t) => {
        const tracker = await startScriptedTracker(t)
        const client = createClient(t, tracker.url)
        const events = recordEvents(client)

        assert.throws(() => client.announce(2, { [counter]: value }), {
          name: 'RangeError',
          message: new RegExp(counter)
        })
        assert.equal(client._socket, null)
        await allDelivered(t)
        assert.deepEqual(tracker.requests, [])
        assert.deepEqual(events, [])

        client.announce(2, { [counter]: 1 })
        await nextUpdate(client)
        assert.equal(tracker.announces[0][counter], 1n)
      })
    }

    test(`${counter} that is undefined is 0`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const client = createClient(t, tracker.url)
      client.announce(2, { [counter]: undefined })
      await nextUpdate(client)

      assert.equal(tracker.announces[0][counter], 0n)
    })
  }

  test('that throws leaves the announce in flight alone', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const client = createClient(t, tracker.url)
    client.announce(2, { left: 5 })
    const request = await tracker.nextAnnounce()
    assert.throws(() => client.announce(2, { left: -5 }), RangeError)
    assert.ok(client._socket)

    const updated = nextUpdate(client)
    await tracker.send(wire.announceResponse(request, { seeds: 1 }), request)
    assert.equal((await updated).seeds, 1)
  })
})

for (const opts of ['opts', 1, true, Symbol('opts')]) {
  test(`opts as ${name(opts)} is a TypeError in announce, which writes into it`, (t) => {
    const client = createClient(t, URL)
    assert.throws(() => client.announce(2, opts), { name: 'TypeError', message: /opts/ })
    assert.equal(client._socket, null)
  })
}

test("what is thrown has the code that Node.js' own errors have", () => {
  const made = (opts) => () => new UdpTracker(PEER_ID, INFO_HASH, URL, opts)
  assert.throws(made({ numWant: '5' }), { code: 'ERR_INVALID_ARG_TYPE' })
  assert.throws(made({ numWant: -5 }), { code: 'ERR_OUT_OF_RANGE' })
  assert.throws(made({ signal: 5 }), { code: 'ERR_INVALID_ARG_TYPE' })
  assert.throws(made({ transport: { proxi: 1 } }), { code: 'ERR_INVALID_ARG_VALUE' })
})
