// destroy() and destory(): whatever was going on, nothing is emitted and nothing is sent afterwards.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { UdpTracker, createClient, nextUpdate, nextError } = require('./support/client.js')
const { recordEvents, allDelivered } = require('./support/client.js')
const wire = require('./support/wire.js')

function assertDestroyed(client) {
  assert.equal(client.destoryed, true)
  assert.deepEqual(client._announce_intervals_timeout, [])
  assert.equal(client._socket, null)
  assert.deepEqual(client._udpTimmers, [])
}

test('destroy and the original spelling are one function', () => {
  assert.equal(UdpTracker.prototype.destroy, UdpTracker.prototype.destory)
})

test('destroy before any announce leaves a tracker that never sends', async (t) => {
  const tracker = await startScriptedTracker(t)
  const client = createClient(t, tracker.url)
  const events = recordEvents(client)
  client.destory()
  assertDestroyed(client)

  client.announce(2)
  client.announce('no such event')
  client.announce(2, { force: true })
  await allDelivered(t)
  assert.deepEqual(tracker.requests, [])
  assert.deepEqual(events, [])
})

test('destroy in the tick of the announce sends and emits nothing', async (t) => {
  const tracker = await startScriptedTracker(t, { announce: silent })
  const client = createClient(t, tracker.url)
  const events = recordEvents(client)
  client.announce(2)
  client.destroy()
  assertDestroyed(client)

  await allDelivered(t)
  assert.deepEqual(tracker.announces, [])
  assert.deepEqual(events, [])
})

test('destroy while connecting sends no announce and emits nothing', async (t) => {
  const tracker = await startScriptedTracker(t, { connect: silent })
  const client = createClient(t, tracker.url)
  const events = recordEvents(client)
  client.announce(2)
  const connect = await tracker.nextConnect()
  client.destroy()
  assertDestroyed(client)

  await tracker.send(wire.connectResponse(connect, Buffer.alloc(8, 1)), connect)
  await allDelivered(t)
  assert.deepEqual(tracker.announces, [])
  assert.deepEqual(events, [])
})

test('destroy while announcing emits nothing, not even when the answer comes', async (t) => {
  const tracker = await startScriptedTracker(t, { announce: silent })
  const client = createClient(t, tracker.url)
  const events = recordEvents(client)
  client.announce(2)
  const request = await tracker.nextAnnounce()
  client.destroy()
  assertDestroyed(client)

  await tracker.send(wire.announceResponse(request), request)
  await tracker.send(wire.errorResponse(request, 'late'), request)
  await allDelivered(t)
  assert.deepEqual(events, [])
})

test('destroy in flight stops the retransmissions', async (t) => {
  const tracker = await startScriptedTracker(t, { announce: silent })
  const client = createClient(t, tracker.url, { _timeout: 5, key: 1 })
  client.announce(2)
  await tracker.nextAnnounce()
  client.destroy()
  const sends = (wanted) => tracker.announces.filter(({ key }) => key === wanted).length

  // Begun later, and at its end only after all 7 sends of the destroyed one would have been due. What went before the
  // engine knew of the end has come before its first.
  const witness = createClient(t, tracker.url, { _timeout: 5, key: 2 })
  const failed = nextError(witness)
  witness.announce(2)
  while (sends(2) === 0) await tracker.nextAnnounce()
  const seen = sends(1)
  await failed
  assert.equal(sends(1), seen)
  assert.ok(sends(2) >= 7)
})

test('destroy does not touch a request of another object to the same tracker', async (t) => {
  const tracker = await startScriptedTracker(t, { connect: silent })
  const client = createClient(t, tracker.url)
  const other = createClient(t, tracker.url)
  client.announce(2)
  other.announce(1)
  const connect = await tracker.nextConnect()
  client.destroy()
  const updated = nextUpdate(other)
  await tracker.send(wire.connectResponse(connect, Buffer.alloc(8, 1)), connect)

  await updated
  assert.deepEqual(
    tracker.announces.map(({ event }) => event),
    [1]
  )
})

test('destroy within the interval clears its timer', async (t) => {
  let calls = 0
  class Counting extends UdpTracker {
    announce(...args) {
      calls += 1
      super.announce(...args)
    }
  }
  const tracker = await startScriptedTracker(t, {
    announce: (request) => wire.announceResponse(request, { interval: 1 })
  })
  const client = createClient(t, tracker.url, {}, Counting)
  client.announce(2)
  await nextUpdate(client)
  client.destroy()
  assertDestroyed(client)

  // Its interval begins later, so it ends later.
  const witness = createClient(t, tracker.url)
  witness.announce(2)
  await nextUpdate(witness)
  await nextUpdate(witness)
  assert.equal(tracker.announces.length, 3)
  assert.equal(calls, 1)
})

for (const event of ['update', 'error']) {
  test(`destroy in a listener of ${event} ends it`, async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) =>
        event === 'update' ? wire.announceResponse(request) : wire.errorResponse(request, 'no')
    })
    const client = createClient(t, tracker.url)
    const events = recordEvents(client)
    await new Promise((resolve) => {
      client.once(event, () => {
        client.destroy()
        client.announce(2)
        resolve()
      })
      client.announce(2)
    })

    assertDestroyed(client)
    await allDelivered(t)
    assert.equal(tracker.announces.length, 1)
    assert.equal(events.length, 1)
  })
}

test('destroy of another object in a listener also drops its answer of the same moment', async (t) => {
  const tracker = await startScriptedTracker(t)
  const clients = Array.from({ length: 50 }, () => createClient(t, tracker.url))
  let updates = 0
  const first = new Promise((resolve) => {
    for (const client of clients) {
      client.on('update', () => {
        updates += 1
        clients.forEach((each) => each.destroy())
        resolve()
      })
      client.on('error', () => assert.fail('no error'))
    }
  })
  clients.forEach((client) => client.announce(2))
  await first
  await allDelivered(t)

  assert.equal(updates, 1)
})

test('destroy twice is fine, and so is the other spelling after it', async (t) => {
  const tracker = await startScriptedTracker(t, { announce: silent })
  const client = createClient(t, tracker.url)
  client.announce(2)
  await tracker.nextAnnounce()
  client.destroy()
  client.destroy()
  client.destory()

  assertDestroyed(client)
})
