// Late, forged and duplicate datagrams: which of them ends a request, which is dropped, and who wins.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const dgram = require('node:dgram')
const { once } = require('node:events')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { createClient, nextUpdate, nextError } = require('./support/client.js')
const { recordEvents, allDelivered } = require('./support/client.js')
const wire = require('./support/wire.js')

const WRONG_ID_TEXT = {
  connect: 'transactionId is not same as in connect request',
  announce: 'transactionId is not same as in announce request'
}
const CONNECTION_ID = Buffer.from('0123456789abcdef', 'hex')
const CLOCK_SLACK_MS = 2

const goodAnswer = {
  connect: (request) => wire.connectResponse(request, CONNECTION_ID),
  announce: (request) => wire.announceResponse(request, { seeds: 7 })
}

// The first request of this phase is answered with these datagrams, all later ones with none.
async function answered(t, phase, datagrams, opts) {
  const tracker = await startScriptedTracker(t, {
    [phase]: (request, self) => (self[`${phase}s`].length === 1 ? datagrams(request) : undefined)
  })
  const client = createClient(t, tracker.url, opts)
  client.announce(2)
  return { tracker, client }
}

for (const phase of ['connect', 'announce']) {
  describe(`while a ${phase} request waits, a datagram`, () => {
    test('longer than needed completes it', async (t) => {
      const { client } = await answered(t, phase, (request) =>
        Buffer.concat([goodAnswer[phase](request), Buffer.alloc(3)])
      )
      await nextUpdate(client)
      assert.equal(client._socket, null)
    })

    test('with a wrong transaction ID does not beat the real answer behind it', async (t) => {
      const forged = (request) => goodAnswer[phase](wire.wrongId(request))
      const { client, tracker } = await answered(t, phase, (request) => [
        forged(request),
        wire.errorResponse(wire.wrongId(request), 'forged'),
        forged(request),
        goodAnswer[phase](request)
      ])
      const events = recordEvents(client)

      await nextUpdate(client)
      await allDelivered(t)
      assert.equal(events.length, 1)
      assert.equal(tracker[`${phase}s`].length, 1)
    })

    test('with a wrong transaction ID and nothing else is the error, before the next send', async (t) => {
      const { client, tracker } = await answered(
        t,
        phase,
        (request) => goodAnswer[phase](wire.wrongId(request)),
        { _timeout: 100 }
      )

      assert.equal(await nextError(client), WRONG_ID_TEXT[phase])
      await allDelivered(t)
      assert.equal(tracker[`${phase}s`].length, 1)
      assert.equal(client._socket, null)
    })

    test('with a wrong transaction ID has three seconds for the real answer', async (t) => {
      const { client, tracker } = await answered(t, phase, (request) =>
        goodAnswer[phase](wire.wrongId(request))
      )

      assert.equal(await nextError(client), WRONG_ID_TEXT[phase])
      const waited = performance.now() - tracker[`${phase}s`][0].at
      assert.ok(waited >= 3000 - CLOCK_SLACK_MS, `${waited} ms`)
    })

    test('shorter than 8 bytes does not beat the real answer behind it', async (t) => {
      const { client } = await answered(t, phase, (request) => [
        Buffer.alloc(0),
        goodAnswer[phase](request).subarray(0, 7),
        goodAnswer[phase](request)
      ])
      const events = recordEvents(client)

      await nextUpdate(client)
      await allDelivered(t)
      assert.equal(events.length, 1)
    })

    test('with the right ID and an unknown action ends it at once', async (t) => {
      const { client, tracker } = await answered(t, phase, (request) => [
        wire.uint32(4, request.transactionId, 1800, 0, 0),
        goodAnswer[phase](request)
      ])
      const events = recordEvents(client)

      assert.equal(await nextError(client), 'unsupported event:4')
      await allDelivered(t)
      assert.equal(events.length, 1)
      assert.equal(tracker[`${phase}s`].length, 1)
      assert.equal(client._socket, null)
    })

    test('with the right ID and an action above 2^31 ends it at once', async (t) => {
      const { client } = await answered(t, phase, (request) =>
        wire.uint32(0xffffffff, request.transactionId, 1800, 0, 0)
      )
      assert.equal(await nextError(client), 'unsupported event:4294967295')
    })

    test('with the right ID and the action of another request ends it, without an update', async (t) => {
      const other = { connect: 'announce', announce: 'connect' }[phase]
      const { client } = await answered(t, phase, (request) => goodAnswer[other](request))

      assert.equal(typeof (await nextError(client)), 'string')
      assert.equal(client._socket, null)
    })

    test('with the right ID and action 3 ends it at once', async (t) => {
      const { client } = await answered(t, phase, (request) => [
        wire.errorResponse(request, 'not today'),
        goodAnswer[phase](request)
      ])
      const events = recordEvents(client)

      assert.equal(await nextError(client), 'not today')
      await allDelivered(t)
      assert.equal(events.length, 1)
      assert.equal(client._socket, null)
    })

    test('with the right ID, action 3 and no message has a text of its own', async (t) => {
      const { client } = await answered(t, phase, (request) => wire.errorResponse(request, ''))
      assert.equal(await nextError(client), 'error action response is not 9 bytes long')
      assert.equal(client._socket, null)
    })

    for (const [where, bind] of [
      ['another port', { address: '127.0.0.1' }],
      ['the same port of another address', { address: '127.0.0.2', samePort: true }]
    ]) {
      test(`from ${where} is dropped, whatever it holds`, async (t) => {
        const tracker = await startScriptedTracker(t, { [phase]: silent })
        const client = createClient(t, tracker.url)
        const events = recordEvents(client)
        client.announce(2)
        const request = await tracker.next(phase)

        const forger = await bindOrSkip(t, bind.address, bind.samePort ? tracker.port : 0)
        if (!forger) return
        for (const datagram of [
          wire.errorResponse(request, 'forged'),
          wire.uint32(4, request.transactionId),
          wire.connectResponse(request, Buffer.alloc(8, 0xff)),
          wire.announceResponse(request, { seeds: 666 }),
          goodAnswer[phase](wire.wrongId(request)),
          Buffer.alloc(3)
        ]) {
          await forger(datagram, request.from)
        }
        await allDelivered(t)
        assert.deepEqual(events, [])
        tracker.script.announce = goodAnswer.announce
        const updated = nextUpdate(client)
        await tracker.send(goodAnswer[phase](request), request)

        assert.equal((await updated).seeds, 7)
        assert.equal(events.length, 1)
        if (phase === 'connect') {
          assert.deepEqual(tracker.announces[0].connectionId, CONNECTION_ID)
        }
      })
    }
  })
}

// A function that sends from a socket bound there, or nothing when this machine does not have that address.
async function bindOrSkip(t, address, port) {
  const socket = dgram.createSocket('udp4')
  socket.bind(port, address)
  try {
    await once(socket, 'listening')
  } catch (error) {
    t.skip(`this machine can not bind ${address} (${error.code})`)
    return null
  }
  t.after(() => socket.close())
  return (datagram, to) =>
    new Promise((resolve, reject) => {
      socket.send(datagram, to.port, to.address, (error) => (error ? reject(error) : resolve()))
    })
}

describe('a late duplicate', () => {
  test('of an announce answer is dropped and emits nothing', async (t) => {
    const { client } = await answered(t, 'announce', (request) => [
      goodAnswer.announce(request),
      goodAnswer.announce(request),
      wire.errorResponse(request, 'late')
    ])
    const events = recordEvents(client)

    await nextUpdate(client)
    await allDelivered(t)
    assert.equal(events.length, 1)
  })

  test('of a connect answer does not end the announce that follows', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const client = createClient(t, tracker.url, { _timeout: 2 })
    client.announce(2)
    const connect = await tracker.nextConnect()
    await tracker.nextAnnounce()
    await tracker.send(wire.connectResponse(connect, CONNECTION_ID), connect)

    assert.equal(await nextError(client), 'tracker is not responding after:512')
    assert.equal(tracker.announces.length, 7)
  })

  test('of an announce answer does not end the next announce', async (t) => {
    const tracker = await startScriptedTracker(t)
    const answeredClient = createClient(t, tracker.url)
    answeredClient.announce(2)
    await nextUpdate(answeredClient)
    const old = await tracker.nextAnnounce()

    tracker.script.announce = silent
    const client = createClient(t, tracker.url, { _timeout: 2 })
    client.announce(2)
    await tracker.nextAnnounce()
    await tracker.send(wire.announceResponse(old), old)
    await tracker.send(wire.errorResponse(old, 'late'), old)

    // Not the text about transaction IDs: what was dropped has no effect on the error.
    assert.equal(await nextError(client), 'tracker is not responding after:512')
    assert.equal(tracker.announces.length, 8)
  })
})

test('datagrams from a tracker that nobody waits for are dropped', async (t) => {
  const { client, tracker } = await answered(t, 'announce', goodAnswer.announce)
  await nextUpdate(client)
  const events = recordEvents(client)
  const [request] = tracker.announces
  for (const datagram of [
    Buffer.alloc(0),
    goodAnswer.announce(wire.wrongId(request)),
    wire.errorResponse(wire.wrongId(request), 'nobody asked'),
    wire.connectResponse(request, Buffer.alloc(8))
  ]) {
    await tracker.send(datagram, request)
  }
  await allDelivered(t)

  assert.deepEqual(events, [])
  assert.equal(client._socket, null)
})
