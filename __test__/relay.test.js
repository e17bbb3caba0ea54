// The network that the tests and benchmarks use, as a process with sockets: what it does to datagrams in simulated time is
// in tests/relay.rs.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const dgram = require('node:dgram')
const { once } = require('node:events')
const { UdpTracker, INFO_HASH, PEER_ID, createClient, nextUpdate } = require('./support/client.js')
const { deadline } = require('./support/deadline.js')
const { withoutIPv6 } = require('./support/loopback.js')
const { startRelay, total } = require('./support/relay.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')

const CONNECT = Buffer.from('0000041727101980' + '00000000' + '0000002a', 'hex')
// So many short datagrams find room in the receive buffer that a socket has by default.
const IN_FLIGHT = 100

const whole127 = process.platform === 'linux' ? false : 'only Linux has all of 127.0.0.0/8'

async function start(t, options) {
  const relay = await startRelay(options)
  t.after(() => relay.stop())
  return relay
}

async function startSocket(t, relay) {
  const socket = dgram.createSocket(relay.address.includes(':') ? 'udp6' : 'udp4')
  t.after(() => socket.close())
  socket.bind(0, relay.address)
  await once(socket, 'listening')
  return socket
}

const announce = (url) =>
  UdpTracker.announce(url, { peerId: PEER_ID, infoHash: INFO_HASH, port: 1 })

for (const [name, listen, skip] of [
  ['IPv4', '127.0.0.1:0', false],
  ['IPv6', '[::1]:0', withoutIPv6]
]) {
  test(`its tracker answers over ${name}, and the datagrams are counted`, { skip }, async (t) => {
    const relay = await start(t, { tracker: true, listen, peers: 2 })
    const { seeds, leechers, interval, peers } = await announce(relay.url)
    assert.deepEqual(
      { leechers, seeds, interval },
      {
        leechers: INFO_HASH.readUInt32BE(0),
        seeds: INFO_HASH.readUInt32BE(4),
        interval: INFO_HASH.readUInt32BE(16)
      }
    )
    assert.equal(peers.length, 2)
    const [row] = await UdpTracker.scrape(relay.url, [INFO_HASH])
    assert.equal(row.seeds, INFO_HASH.readUInt32BE(0))

    const { up, down, overflowed } = await relay.counts()
    for (const direction of [up, down]) {
      assert.equal(direction.connect.forwarded, 1)
      assert.equal(direction.announce.forwarded, 1)
      assert.equal(direction.scrape.forwarded, 1)
    }
    assert.equal(overflowed, 0)
  })

  test(
    `it forwards to a tracker over ${name} and brings each client its answers`,
    { skip },
    async (t) => {
      const tracker = await startScriptedTracker(t, { family: listen.includes('::') ? 6 : 4 })
      const to = tracker.url.slice('udp://'.length)
      const relay = await start(t, { to, listen, roundTrip: 5 })
      const sockets = await Promise.all([1, 2, 3].map(() => startSocket(t, relay)))
      const answers = sockets.map((socket) => once(socket, 'message'))
      sockets.forEach((socket, id) => {
        const request = Buffer.from(CONNECT)
        request.writeUInt32BE(id, 12)
        socket.send(request, relay.port, relay.address)
      })
      const ids = (await Promise.all(answers)).map(([answer]) => answer.readUInt32BE(4))
      assert.deepEqual(ids, [0, 1, 2])
      // The tracker tells the clients apart.
      assert.equal(new Set(tracker.connects.map(({ from }) => from.port)).size, 3)

      const client = createClient(t, relay.url)
      client.announce(2)
      await nextUpdate(client)
    }
  )
}

test('a tracker that does not run is silence, and is reached once it runs', async (t) => {
  const first = await startScriptedTracker(t)
  const relay = await start(t, { to: `127.0.0.1:${first.port}` })
  await first.close()
  const socket = await startSocket(t, relay)
  socket.send(CONNECT, relay.port, relay.address)
  await relay.counted(({ up }) => up.connect.forwarded > 0, 'the connect did not arrive')
  await startScriptedTracker(t, { port: first.port })
  socket.send(CONNECT, relay.port, relay.address)
  await once(socket, 'message')
})

test('it is a tracker on every address of loopback', { skip: whole127 }, async (t) => {
  const relay = await start(t, { tracker: true, listen: '0.0.0.0:0', dead: '127.9.9.9' })
  const socket = await startSocket(t, { address: '127.0.0.1' })
  const addresses = ['127.0.0.1', '127.1.2.3', '127.255.0.7']
  const answers = new Map()
  const all = new Promise((resolve) => {
    socket.on('message', (answer, { address, port }) => {
      answers.set(`${address}:${port}`, answer.toString('hex', 8))
      if (answers.size === addresses.length) resolve()
    })
  })
  for (const address of ['127.9.9.9', ...addresses]) socket.send(CONNECT, relay.port, address)
  await deadline(all, 'some addresses did not answer')
  assert.deepEqual(
    [...answers.keys()].sort(),
    addresses.map((address) => `${address}:${relay.port}`)
  )
  // Each has connection IDs of its own.
  assert.equal(new Set(answers.values()).size, addresses.length)
  assert.equal((await relay.counts()).up.connect.dropped, 1)
})

test('it carries 100,000 datagrams each way and loses none of them', async (t) => {
  const count = 100_000
  const relay = await start(t, { tracker: true, roundTrip: 2 })
  const socket = await startSocket(t, relay)
  let sent = 0
  let received = 0
  const send = () => {
    while (sent < count && sent - received < IN_FLIGHT) {
      socket.send(CONNECT, relay.port, relay.address)
      sent++
    }
  }
  const all = new Promise((resolve) => {
    socket.on('message', () => {
      if (++received === count) resolve()
      else send()
    })
    send()
  })
  await deadline(all, `some of ${count} answers did not come`, 60_000)
  const counts = await relay.counts()
  assert.equal(total(counts, 'up', 'forwarded'), count)
  assert.equal(total(counts, 'down', 'forwarded'), count)
  assert.equal(counts.overflowed, 0)
})

test('settings change while it runs, and unknown ones are refused', async (t) => {
  const relay = await start(t, {
    tracker: true,
    loss: 100,
    after: [[3_600_000, { roundTrip: 400 }]]
  })
  const socket = await startSocket(t, relay)
  socket.send(CONNECT, relay.port, relay.address)
  await relay.counted(({ up }) => up.connect.lost > 0, 'the connect was not lost')
  await relay.set({ loss: 0 })
  socket.send(CONNECT, relay.port, relay.address)
  await once(socket, 'message')
  await relay.outage(3_600_000)
  socket.send(CONNECT, relay.port, relay.address)
  await relay.counted(({ up }) => up.connect.outage > 0, 'there was no outage')

  await assert.rejects(relay.set({ lostness: 5 }), /there is no setting lostness/)
  await assert.rejects(relay.set({ loss: 101 }), /101 % is more than all/)
  await assert.rejects(
    startRelay({ tracker: true, lostness: 5 }),
    /the relay has ended: relay: there is no setting lostness/
  )
})
