// Connection IDs: shared by all that talk to an address and port, and renewed when the tracker does not know one.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { createClient, nextUpdate, nextError } = require('./support/client.js')
const wire = require('./support/wire.js')

// One phase has so many at most (BEP 15).
const SENDS = 7

describe('a connection ID', () => {
  test('is shared by two tracker objects that start together', async (t) => {
    const tracker = await startScriptedTracker(t)
    const clients = [createClient(t, tracker.url), createClient(t, tracker.url)]
    clients.forEach((client) => client.announce(2))
    await Promise.all(clients.map((client) => nextUpdate(client)))

    assert.equal(tracker.announces.length, 2)
    const [first, second] = tracker.announces
    assert.deepEqual(first.connectionId, second.connectionId)
    assert.deepEqual(first.connectionId, tracker.connectionIds[0])
  })

  test('is shared by a hundred that start while the connect is under way', async (t) => {
    const tracker = await startScriptedTracker(t, { connect: silent })
    const start = () => {
      const client = createClient(t, tracker.url)
      client.announce(2)
      return nextUpdate(client)
    }
    const first = start()
    const connect = await tracker.nextConnect()
    const others = Array.from({ length: 99 }, start)
    await tracker.send(wire.connectResponse(connect, tracker.issueConnectionId()), connect)
    await Promise.all([first, ...others])

    // On a slow machine the one connect is sent again before the hundredth has started, and on one that stands still for
    // a moment some announces are taken for lost in the burst.
    assert.ok(tracker.connects.length <= SENDS, `${tracker.connects.length} connects`)
    const ids = tracker.announces.map(({ connectionId }) => connectionId.toString('hex'))
    assert.deepEqual([...new Set(ids)], [tracker.connectionIds[0].toString('hex')])
    assert.equal(new Set(tracker.announces.map(({ transactionId }) => transactionId)).size, 100)
  })

  test('is used by one that comes later', async (t) => {
    const tracker = await startScriptedTracker(t)
    for (let i = 0; i < 3; i++) {
      const client = createClient(t, tracker.url)
      client.announce(2)
      await nextUpdate(client)
    }

    assert.deepEqual(
      tracker.requests.map(({ kind }) => kind),
      ['connect', 'announce', 'announce', 'announce']
    )
  })

  test('is used by the announce at the end of the interval', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => wire.announceResponse(request, { interval: 1 })
    })
    const client = createClient(t, tracker.url)
    client.announce(2)
    await nextUpdate(client)
    await nextUpdate(client)

    assert.deepEqual(
      tracker.requests.map(({ kind }) => kind),
      ['connect', 'announce', 'announce']
    )
  })

  test('differs for another port of the same address', async (t) => {
    const trackers = [await startScriptedTracker(t), await startScriptedTracker(t)]
    for (const { url } of trackers) {
      const client = createClient(t, url)
      client.announce(2)
      await nextUpdate(client)
    }

    for (const { connects, announces, connectionIds } of trackers) {
      assert.equal(connects.length, 1)
      assert.deepEqual(announces[0].connectionId, connectionIds[0])
    }
  })

  test('is found again by the address when the host is spelled in another way', async (t) => {
    const tracker = await startScriptedTracker(t)
    for (const host of ['127.0.0.1', 'localhost', 'LocalHost']) {
      const client = createClient(t, `udp://${host}:${tracker.port}`, { family: 4 })
      client.announce(2)
      await nextUpdate(client)
    }

    assert.equal(tracker.connects.length, 1)
  })
})

describe('a tracker that does not know the connection ID', () => {
  // Words of opentracker (with its NUL), chihaya, aquatic and others.
  const texts = [
    'Connection ID missmatch.\0',
    'bad connection ID',
    'Invalid connection_id',
    'connection ID expired'
  ]
  for (const text of texts) {
    test(`and says ${JSON.stringify(text)} is asked for a new one, once`, async (t) => {
      const tracker = await startScriptedTracker(t, {
        announce: (request, { announces }) =>
          announces.length === 1
            ? wire.errorResponse(request, text)
            : wire.announceResponse(request, { seeds: 3 })
      })
      const client = createClient(t, tracker.url)
      client.announce(2, { left: 77 })

      assert.equal((await nextUpdate(client)).seeds, 3)
      assert.deepEqual(
        tracker.requests.map(({ kind }) => kind),
        ['connect', 'announce', 'connect', 'announce']
      )
      const [, second] = tracker.announces
      assert.deepEqual(second.connectionId, tracker.connectionIds[1])
      assert.equal(second.left, 77n)
    })
  }

  test('which is new has its error passed on', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => wire.errorResponse(request, 'Connection ID missmatch.\0')
    })
    const client = createClient(t, tracker.url)
    client.announce(2)

    assert.equal(await nextError(client), 'Connection ID missmatch.')
    assert.equal(tracker.connects.length, 2)
    assert.equal(tracker.announces.length, 2)
    assert.equal(client._socket, null)
  })

  test('is connected to once for all requests that got this error together', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request, { connectionIds }) =>
        request.connectionId.equals(connectionIds[0])
          ? wire.errorResponse(request, 'Connection ID missmatch.\0')
          : wire.announceResponse(request)
    })
    const clients = Array.from({ length: 20 }, () => createClient(t, tracker.url))
    clients.forEach((client) => client.announce(2))
    await Promise.all(clients.map((client) => nextUpdate(client)))

    assert.equal(tracker.connects.length, 2)
  })
})
