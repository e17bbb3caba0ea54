// An announce as an application sees it: what `update` carries, which hosts can be reached, and what replaces what.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { createClient, nextUpdate, recordEvents, allDelivered } = require('./support/client.js')
const { withoutIPv6 } = require('./support/loopback.js')
const wire = require('./support/wire.js')

// The tracker answers with these rows, and the update's peers are to be these texts.
async function peersFrom(t, { family, rows }) {
  const tracker = await startScriptedTracker(t, {
    family,
    announce: (request) => wire.announceResponse(request, { peers: rows })
  })
  const client = createClient(t, tracker.url)
  client.announce('started')
  return (await nextUpdate(client)).peers
}

describe('update', () => {
  test('carries leechers, seeds and peers, in this order and nothing else', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) =>
        wire.announceResponse(request, { leechers: 5, seeds: 7, peers: ['10.10.10.5:128'] })
    })
    const client = createClient(t, tracker.url)
    client.announce(2, { downloaded: 0, left: 0, uploaded: 0 })

    const update = await nextUpdate(client)

    assert.deepEqual(Object.keys(update), ['leechers', 'seeds', 'peers'])
    assert.deepEqual(update, { leechers: 5, seeds: 7, peers: ['10.10.10.5:128'] })
  })

  test('counts up to the largest number of 32 bits', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) =>
        wire.announceResponse(request, { leechers: 0xffffffff, seeds: 0x80000000 })
    })
    const client = createClient(t, tracker.url)
    client.announce(2)

    assert.deepEqual(await nextUpdate(client), {
      leechers: 4294967295,
      seeds: 2147483648,
      peers: []
    })
  })

  test('names IPv4 peers in the order the tracker gave them', async (t) => {
    const peers = ['100.56.58.99:28525', '10.10.10.6:128', '255.255.255.255:65535', '0.0.0.0:0']
    assert.deepEqual(await peersFrom(t, { family: 4, rows: peers }), peers)
  })

  test('names as many peers as fit into one datagram', async (t) => {
    const peers = Array.from({ length: 10_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}:${i + 1}`)
    assert.deepEqual(await peersFrom(t, { family: 4, rows: peers }), peers)
  })

  test(
    'names IPv6 peers in brackets and in their shortest text',
    { skip: withoutIPv6 },
    async (t) => {
      const rows = [
        ['20010db8000000000000000000000001', '162e', '[2001:db8::1]:5678'],
        ['00000000000000000000000000000001', '0001', '[::1]:1'],
        ['00000000000000000000000000000000', '0000', '[::]:0'],
        ['20010db8000000010001000100010001', 'ffff', '[2001:db8:0:1:1:1:1:1]:65535'],
        ['00010000000000020000000000000003', '0050', '[1:0:0:2::3]:80'],
        ['fe80000000000000abcdef0123456789', '1ae1', '[fe80::abcd:ef01:2345:6789]:6881']
      ]
      const peers = await peersFrom(t, {
        family: 6,
        rows: Buffer.from(rows.map(([address, port]) => address + port).join(''), 'hex')
      })
      assert.deepEqual(
        peers,
        rows.map(([, , text]) => text)
      )
    }
  )
})

describe('the host of the announce URL', () => {
  test('can be a name', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, `udp://localhost:${tracker.port}`)
    client.announce(2)

    await nextUpdate(client)
  })

  test('can be a name in capital letters, as can the scheme', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, `UDP://LOCALHOST:${tracker.port}`)
    client.announce(2)

    await nextUpdate(client)
  })

  test('with family 4 is reached over IPv4', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, `udp://localhost:${tracker.port}`, { family: 4 })
    client.announce(2)

    await nextUpdate(client)
  })

  // The hosts file of many a machine has that name with 127.0.0.1 alone.
  test('with family 6 is reached over IPv6', { skip: withoutIPv6 }, async (t) => {
    const tracker = await startScriptedTracker(t, { family: 6 })
    const lookup = async (host, { family }) => {
      assert.deepEqual([host, family], ['localhost', 6])
      return ['::1']
    }
    const url = `udp://localhost:${tracker.port}`
    const client = createClient(t, url, { family: 6, transport: { lookup } })
    client.announce(2)

    await nextUpdate(client)
  })

  for (const family of [0, 6]) {
    test(`can be an IPv6 address, with family ${family}`, { skip: withoutIPv6 }, async (t) => {
      const tracker = await startScriptedTracker(t, { family: 6 })
      const client = createClient(t, tracker.url, { family })
      client.announce(2)

      await nextUpdate(client)
      assert.equal(tracker.announces[0].raw.length, 98)
    })
  }

  for (const family of [0, 4]) {
    test(`can be an IPv4 address, with family ${family}`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const client = createClient(t, tracker.url, { family })
      client.announce(2)

      await nextUpdate(client)
    })
  }
})

describe('an announce while one is in flight', () => {
  test('replaces it: only the new one is answered and emitted', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const client = createClient(t, tracker.url)
    const events = recordEvents(client)
    client.announce(2, { left: 100 })
    const first = await tracker.nextAnnounce()

    client.announce(2, { left: 50 })
    const second = await tracker.nextAnnounce()
    const updated = nextUpdate(client)
    await tracker.send(wire.announceResponse(second, { seeds: 2 }), second)
    await updated
    await tracker.send(wire.announceResponse(first, { seeds: 1 }), first)
    await allDelivered(t)

    assert.deepEqual([first.left, second.left], [100n, 50n])
    assert.deepEqual(events, [['update', { leechers: 0, seeds: 2, peers: [] }]])
    assert.equal(client._socket, null)
  })

  test('replaces it even when the answer to the old one comes first', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const client = createClient(t, tracker.url)
    const events = recordEvents(client)
    client.announce(2)
    const first = await tracker.nextAnnounce()

    client.announce(2)
    const second = await tracker.nextAnnounce()
    const updated = nextUpdate(client)
    await tracker.send(wire.announceResponse(first, { seeds: 1 }), first)
    await tracker.send(wire.announceResponse(second, { seeds: 2 }), second)
    await updated
    await allDelivered(t)

    assert.deepEqual(events, [['update', { leechers: 0, seeds: 2, peers: [] }]])
  })

  test('replaces it while it is still waiting for a connection ID', async (t) => {
    const tracker = await startScriptedTracker(t, {
      connect: (request, self) => {
        if (self.connects.length === 1) client.announce(3, { left: 50 })
        return wire.connectResponse(request, self.issueConnectionId())
      }
    })
    const client = createClient(t, tracker.url)
    const events = recordEvents(client)
    client.announce(2, { left: 100 })

    await nextUpdate(client)
    await allDelivered(t)

    assert.deepEqual(
      tracker.announces.map(({ event, left }) => [event, left]),
      [[3, 50n]]
    )
    assert.equal(events.length, 1)
  })

  test('replaces it in the same tick', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url)
    const events = recordEvents(client)
    for (let left = 10; left > 0; left--) client.announce(2, { left })

    await nextUpdate(client)
    await allDelivered(t)

    assert.equal(tracker.announces.at(-1).left, 1n)
    assert.equal(events.length, 1)
  })
})
