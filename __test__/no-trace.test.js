// What throws leaves no trace: no request of its own, none of another torrent's, and nothing of what was under way.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { startScript } = require('./support/child.js')
const { UdpTracker, INFO_HASH, PEER_ID } = require('./support/client.js')
const { createClient, nextUpdate, nextError, allDelivered } = require('./support/client.js')
const wire = require('./support/wire.js')

const OTHER_HASH = Buffer.from('98765432109876543210')
const BAD_VALUES = {
  infoHash: [undefined, 'zz'.repeat(20), Buffer.alloc(19), new Uint16Array(20), Array(20).fill(1)],
  peerId: [undefined, 'short', Buffer.alloc(21), new DataView(new ArrayBuffer(20))],
  port: [65536, -1, 'x', Buffer.alloc(3), {}],
  _timeout: [5000n, -1, NaN, Infinity, {}]
}

const detached = () => {
  const bytes = new Uint8Array(20)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  return bytes
}

function assertThrows(call) {
  assert.throws(call, (error) => error instanceof RangeError || error instanceof TypeError)
}

describe('an announce that throws', () => {
  for (const [field, values] of Object.entries(BAD_VALUES)) {
    for (const [index, value] of [...values, ...(field === 'port' ? [] : [detached()])].entries()) {
      test(`for ${field} (${index}) sends nothing, and the others of its tick are sent`, async (t) => {
        const tracker = await startScriptedTracker(t)
        const before = createClient(t, tracker.url)
        const after = createClient(t, tracker.url)
        const bad = createClient(t, tracker.url)
        bad.infoHash = OTHER_HASH
        const updates = Promise.all([nextUpdate(before), nextUpdate(after)])

        before.announce(1)
        bad[field] = value
        assertThrows(() => bad.announce('stopped', { left: 7 }))
        assert.equal(bad._socket, null)
        assert.equal(bad._last_opts, null)
        after.announce(2)

        await updates
        await allDelivered(t)
        const sent = tracker.announces.map(({ event, infoHash }) => [event, infoHash.toString()])
        assert.deepEqual(sent.sort(), [
          [1, INFO_HASH.toString()],
          [2, INFO_HASH.toString()]
        ])
      })
    }
  }

  test('sends nothing of the object that announced before it', async (t) => {
    const tracker = await startScriptedTracker(t)
    const first = createClient(t, tracker.url)
    first.announce('stopped')
    await nextUpdate(first)

    const bytes = new Uint8Array(Buffer.from(OTHER_HASH))
    const second = new UdpTracker(PEER_ID, bytes, tracker.url)
    t.after(() => second.destroy())
    second.infoHash = bytes
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    assertThrows(() => second.announce('stopped'))
    await allDelivered(t)
    assert.equal(tracker.announces.length, 1)
  })

  test('leaves the announce in flight and its event as they were', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const client = createClient(t, tracker.url)
    const opts = { left: 5 }
    client.announce('started', opts)
    const request = await tracker.nextAnnounce()
    const inFlight = client._socket

    assertThrows(() => client.announce('stopped', { left: -1 }))
    const own = new Error('own')
    const throwing = {
      get left() {
        throw own
      }
    }
    assert.throws(() => client.announce('stopped', throwing), own)
    client.port = 70000
    assertThrows(() => client.announce('stopped', { left: 1 }))

    assert.equal(client._socket, inFlight)
    assert.equal(client._last_opts, opts)
    assert.equal(opts.event, 'started')
    const updated = nextUpdate(client)
    await tracker.send(wire.announceResponse(request), request)
    await updated
  })

  test('leaves the interval running', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => wire.announceResponse(request, { interval: 3600 })
    })
    const client = createClient(t, tracker.url)
    client.announce('started')
    await nextUpdate(client)
    const [timer] = client._announce_intervals_timeout

    client._timeout = 'soon'
    assertThrows(() => client.announce('stopped', { force: true }))
    assert.deepEqual(client._announce_intervals_timeout, [timer])
    assert.equal(client._in_interval, true)
  })

  test('does not keep the process alive', async (t) => {
    const tracker = await startScriptedTracker(t)
    const child = startScript(
      t,
      `const tracker = create()
       tracker._timeout = 5000n
       try { tracker.announce(2) } catch (err) { console.log(err.name) }
       const other = create()
       other.on('update', () => console.log('update'))
       other.announce(2)`,
      tracker.url
    )
    const { code, stdout } = await child.exit()
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'TypeError\nupdate\n' })
  })
})

describe('what an application puts into a field', () => {
  const taken = {
    'a number as port': [{ port: 6882 }, { port: 6882 }],
    'two bytes as port': [{ port: new Uint8Array([0x1a, 0xe3]) }, { port: 6883 }],
    'hex as infoHash': [{ infoHash: OTHER_HASH.toString('hex') }, { infoHash: OTHER_HASH }],
    'the 64 digits of a v2 hash': [
      { infoHash: 'Ab'.repeat(32) },
      { infoHash: Buffer.alloc(20, 0xab) }
    ],
    'the 32 bytes of a v2 hash': [
      { infoHash: new Uint8Array(32).fill(7) },
      { infoHash: Buffer.alloc(20, 7) }
    ],
    'text as peerId': [
      { peerId: '-YY0100-abcdefghijkl' },
      { peerId: Buffer.from('-YY0100-abcdefghijkl') }
    ]
  }
  for (const [what, [fields, sent]] of Object.entries(taken)) {
    test(`goes out: ${what}`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const client = Object.assign(createClient(t, tracker.url), fields)
      client.announce(2)
      await nextUpdate(client)
      const [request] = tracker.announces
      for (const [name, value] of Object.entries(sent)) assert.deepEqual(request[name], value)
    })
  }

  test('as _timeout is the default where it is none', async (t) => {
    const tracker = await startScriptedTracker(t, { connect: silent })
    const client = createClient(t, tracker.url)
    client._timeout = undefined
    client.announce(2)
    await tracker.nextConnect()
    assert.equal(client._socket.timeout, 15000)
  })

  test('counts as it was at the call, whatever getters say later', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url)
    let reads = 0
    const opts = {
      get left() {
        return reads++ === 0 ? 5 : -1
      }
    }
    client.announce(2, opts)
    await nextUpdate(client)
    assert.equal(tracker.announces[0].left, 5n)
    assert.equal(reads, 1)
  })

  test('cannot be changed by a getter of another field after it was checked', async (t) => {
    const tracker = await startScriptedTracker(t)
    class Sly extends UdpTracker {}
    const client = createClient(t, tracker.url, {}, Sly)
    const bytes = new Uint8Array(20).fill(7)
    client.infoHash = bytes
    Object.defineProperty(client, 'port', {
      get() {
        if (bytes.length > 0) structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
        return 6881
      }
    })
    assertThrows(() => client.announce(2))
    assertThrows(() => client.announce(2))
    await allDelivered(t)
    assert.deepEqual(tracker.announces, [])
  })
})

describe('the bytes of a caller', () => {
  test('may be used again: the tracker has its own', async (t) => {
    const tracker = await startScriptedTracker(t)
    const [peerId, infoHash] = [Buffer.from(PEER_ID), Buffer.from(INFO_HASH)]
    const client = new UdpTracker(peerId, infoHash, tracker.url)
    t.after(() => client.destroy())
    peerId.fill(0)
    infoHash.fill(0)
    client.announce(2)
    await nextUpdate(client)
    assert.deepEqual(tracker.announces[0].infoHash, INFO_HASH)
    assert.deepEqual(tracker.announces[0].peerId, PEER_ID)
  })

  test('may be a subclass that says it has another length', async (t) => {
    class Lying extends Uint8Array {
      get length() {
        return 20
      }
    }
    assertThrows(() => new UdpTracker(PEER_ID, new Lying(40), 'udp://127.0.0.1:1'))
    const tracker = await startScriptedTracker(t)
    await assert.rejects(UdpTracker.scrape(tracker.url, [INFO_HASH, new Lying(21)]), RangeError)
    await allDelivered(t)
    assert.deepEqual(tracker.requests, [])
  })

  test('may be in memory that is shared with other threads', async (t) => {
    const tracker = await startScriptedTracker(t)
    const shared = new Uint8Array(new SharedArrayBuffer(20)).fill(9)
    const client = new UdpTracker(shared, shared, tracker.url)
    t.after(() => client.destroy())
    client.infoHash = shared
    client.announce(2)
    await nextUpdate(client)
    assert.deepEqual(tracker.announces[0].infoHash, Buffer.alloc(20, 9))
    assert.deepEqual(tracker.announces[0].peerId, Buffer.alloc(20, 9))
  })

  test('may come from another realm', async (t) => {
    const tracker = await startScriptedTracker(t)
    const foreign = require('node:vm').runInNewContext('new Uint8Array(20).fill(8)')
    assert.ok(!(foreign instanceof Uint8Array))
    const client = new UdpTracker(foreign, foreign, tracker.url)
    t.after(() => client.destroy())
    client.announce(2)
    await nextUpdate(client)
    assert.deepEqual(tracker.announces[0].infoHash, Buffer.alloc(20, 8))
    const [row] = await UdpTracker.scrape(tracker.url, [foreign])
    assert.equal(row.infoHash, '08'.repeat(20))
  })
})

describe('an announce URL', () => {
  for (const url of ['null', 'undefined', '0', "''", "Symbol('url')", 'Object.create(null)']) {
    test(`that is ${url} is reported by the first announce of a process`, async (t) => {
      const child = startScript(
        t,
        `const tracker = create()
         tracker.announceUrl = ${url}
         tracker.on('error', (text) => console.log(text))
         tracker.announce(2)`
      )
      const { code, stdout } = await child.exit()
      assert.equal(code, 0)
      assert.match(stdout, /^announce URL is not udp: .*\n$/)
    })
  }

  test('that is an object is read at each announce', async (t) => {
    const first = await startScriptedTracker(t)
    const second = await startScriptedTracker(t)
    const url = new URL(`${first.url}/announce`)
    const client = createClient(t, url)
    client.announce(2)
    await nextUpdate(client)
    url.port = second.port
    client.announce(2, { force: true })
    await nextUpdate(client)
    assert.equal(first.announces.length, 1)
    assert.equal(second.announces.length, 1)
  })
})

describe('an opts object', () => {
  const kinds = {
    'with a getter for event': () => ({
      get event() {
        return 'completed'
      }
    }),
    'that is frozen': () => Object.freeze({ left: 3 }),
    'of a class with a getter for event': () =>
      new (class {
        left = 3

        get event() {
          return 'none'
        }
      })()
  }
  for (const [what, make] of Object.entries(kinds)) {
    test(`${what} is kept, and its event is the one that was announced`, async (t) => {
      const tracker = await startScriptedTracker(t, {
        announce: (request) => wire.announceResponse(request, { interval: 0 })
      })
      const client = createClient(t, tracker.url)
      const opts = make()
      client.announce('started', opts)
      assert.equal(client._last_opts, opts)
      await nextUpdate(client)
      await nextUpdate(client)
      assert.deepEqual(
        tracker.announces.map(({ event }) => event),
        [2, 2]
      )
    })
  }

  test('that throws when the interval ends is reported by an error event, and stays announced', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => wire.announceResponse(request, { interval: 0 })
    })
    for (const [broken, text] of [
      [
        { get: () => -1 },
        'opts.left must be a whole number from 0 to 2^53 - 1 or a BigInt below 2^64, got -1'
      ],
      [
        {
          get() {
            throw new Error('not now')
          }
        },
        'not now'
      ],
      [
        {
          get() {
            throw null
          }
        },
        'cannot read opts'
      ]
    ]) {
      const client = createClient(t, tracker.url)
      const opts = { left: 1 }
      client.announce('started', opts)
      await nextUpdate(client)
      Object.defineProperty(opts, 'left', broken)
      assert.equal(await nextError(client), text)
      assert.equal(client._in_interval, false)
      await nextUpdate(client)
      assert.equal(tracker.announces.at(-1).left, 2n ** 64n - 1n)
      client.destroy()
    }
  })

  test('whose counters turn invalid when read again is reported by an error event', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => wire.announceResponse(request, { interval: 0 })
    })
    const client = createClient(t, tracker.url)
    let reads = 0
    client.announce('started', {
      get left() {
        return ++reads === 2 ? -1 : 1
      }
    })
    await nextUpdate(client)
    assert.match(await nextError(client), /^opts\.left must be /)
    assert.equal(reads, 2)
  })
})
