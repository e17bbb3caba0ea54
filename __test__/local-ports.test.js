// A translator on the way that goes on sending what comes from a known port to a place that is gone.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { UdpTracker, REQUEST, createClient, nextUpdate } = require('./support/client.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { startRelay } = require('./support/relay.js')
const wire = require('./support/wire.js')

// A tracker behind such a translator. `cut()` makes all ports that it has seen lead nowhere.
async function startBehindNat(t) {
  const dead = new Set()
  const seen = new Set()
  const passes = (answer) => (request, self) => {
    seen.add(request.from.port)
    return dead.has(request.from.port) ? undefined : answer(request, self)
  }
  const tracker = await startScriptedTracker(t, {
    connect: passes((request, self) => wire.connectResponse(request, self.issueConnectionId())),
    announce: passes((request) => wire.announceResponse(request))
  })
  const cut = () => seen.forEach((port) => dead.add(port))
  return { tracker, cut, dead, seen }
}

const many = (count, make) => Promise.all(Array.from({ length: count }, make))

test('48 promises and 48 objects are answered by a tracker whose way from our port is dead', async (t) => {
  const { tracker, cut, dead } = await startBehindNat(t)
  const other = await startScriptedTracker(t)
  await UdpTracker.announce(other.url, REQUEST)
  await UdpTracker.announce(tracker.url, REQUEST)
  const objects = Array.from({ length: 48 }, () => createClient(t, tracker.url))
  for (const round of [1, 2, 3]) {
    cut()
    const { freshPorts } = UdpTracker.stats()
    const updates = objects.map((object) => nextUpdate(object))
    objects.forEach((object) => object.announce(0, { force: true }))
    await Promise.all([many(48, () => UdpTracker.announce(tracker.url, REQUEST)), ...updates])
    assert.equal(UdpTracker.stats().freshPorts, freshPorts + 1, `round ${round}`)
    assert.ok(!dead.has(tracker.requests.at(-1).from.port))
  }
  // Whoever answers goes on being asked from the same port.
  await UdpTracker.announce(other.url, REQUEST)
  const ports = new Set(other.requests.map(({ from }) => from.port))
  assert.equal(ports.size, 1)
})

test('a tracker that is gone costs few ports, and one that never answered none', async (t) => {
  let gone = false
  const tracker = await startScriptedTracker(t, {
    connect: (request, self) =>
      gone ? undefined : wire.connectResponse(request, self.issueConnectionId())
  })
  const client = createClient(t, tracker.url, { _timeout: 20 })
  client.announce(2)
  await nextUpdate(client)
  gone = true
  // The connection ID is refused, so that a connect is needed.
  tracker.script.announce = () => undefined
  const { freshPorts } = UdpTracker.stats()
  client.announce(0, { force: true })
  client.once('error', () => {})
  await new Promise((resolve) => client.once('error', resolve))
  assert.ok(UdpTracker.stats().freshPorts - freshPorts <= 2)
  const never = await startScriptedTracker(t, { connect: () => undefined })
  const before = UdpTracker.stats().freshPorts
  const asked = createClient(t, never.url, { _timeout: 20 })
  asked.announce(2)
  await new Promise((resolve) => asked.once('error', resolve))
  assert.equal(UdpTracker.stats().freshPorts, before)
})

// From a fresh port, or from one that is open already: what came before has its part in that.
test('a translator that drops its entries is passed from another port, and datagrams are lost beside', async (t) => {
  const relay = await startRelay({ tracker: true, loss: 5, roundTrip: 20 })
  t.after(() => relay.stop())
  for (let round = 0; round < 3; round++) {
    await many(20, () => UdpTracker.announce(relay.url, REQUEST))
    await relay.cut()
    await many(20, () => UdpTracker.announce(relay.url, REQUEST))
  }
})
