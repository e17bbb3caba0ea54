// Lost datagrams: each phase sends 7 times, the wait after the n-th send is `_timeout * 2^n` (BEP 15, "Time outs").
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { createClient, nextUpdate, nextError } = require('./support/client.js')
const { patient } = require('./support/deadline.js')
const wire = require('./support/wire.js')

// The whole of a phase lasts 254 times as long.
const TIMEOUT_MS = patient(5)
const SENDS = 7
// The clocks of this test and of the engine round differently.
const CLOCK_SLACK_MS = 2

// Never too early: the n-th send comes when the waits before it have passed, counted from `start`.
function assertWaited(requests, start) {
  requests.forEach(({ at }, index) => {
    const waits = TIMEOUT_MS * (2 ** (index + 1) - 2)
    assert.ok(at - start >= waits - CLOCK_SLACK_MS, `send ${index + 1} after ${at - start} ms`)
  })
}

describe('without any answer', () => {
  test('the connect request is sent 7 times, then the error tells how long it was', async (t) => {
    const tracker = await startScriptedTracker(t, { connect: silent })
    const client = createClient(t, tracker.url, { _timeout: TIMEOUT_MS })
    const start = performance.now()
    client.announce(2)

    assert.equal(await nextError(client), `tracker is not responding after:${256 * TIMEOUT_MS}`)
    const passed = performance.now() - start
    assert.ok(passed >= TIMEOUT_MS * 254 - CLOCK_SLACK_MS, `${passed} ms`)
    assert.equal(tracker.connects.length, SENDS)
    assert.equal(tracker.requests.length, SENDS)
    assertWaited(tracker.connects, start)
    assert.equal(client._socket, null)
    assert.equal(client._in_interval, false)
  })

  test('to the announce request it is sent 7 times, with the same contents', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const client = createClient(t, tracker.url, { _timeout: TIMEOUT_MS, port: 6881 })
    const start = performance.now()
    client.announce(1, { left: 12 })

    assert.equal(await nextError(client), `tracker is not responding after:${256 * TIMEOUT_MS}`)
    // On a slow machine the connect may have been sent again before its answer was read.
    const first = tracker.requests.findIndex(({ kind }) => kind === 'announce')
    const kinds = tracker.requests.slice(first).map(({ kind }) => kind)
    assert.deepEqual(kinds, Array(SENDS).fill('announce'))
    assertWaited(tracker.announces, start)
    for (const { raw } of tracker.announces) {
      assert.deepEqual(raw.subarray(0, 12), tracker.announces[0].raw.subarray(0, 12))
      assert.deepEqual(raw.subarray(16), tracker.announces[0].raw.subarray(16))
    }
    assert.equal(client._socket, null)
  })

  test('the same object can announce again afterwards', async (t) => {
    const tracker = await startScriptedTracker(t, { connect: silent })
    const client = createClient(t, tracker.url, { _timeout: 1 })
    client.announce(2)
    assert.equal(await nextError(client), 'tracker is not responding after:256')

    tracker.script.connect = (request) => wire.connectResponse(request, tracker.issueConnectionId())
    client.announce(2)
    await nextUpdate(client)
  })

  test('nobody listening at all is the same as silence', async (t) => {
    const tracker = await startScriptedTracker(t)
    await tracker.close()
    const client = createClient(t, tracker.url, { _timeout: 1 })
    client.announce(2)

    assert.equal(await nextError(client), 'tracker is not responding after:256')
    assert.equal(client._socket, null)
  })
})

// Long enough that a busy machine answers in time, and nothing is sent that was not lost.
const ANSWERED_MS = 5 * TIMEOUT_MS

for (const lost of [1, 3, 5]) {
  test(`${lost} lost connect requests cost time only`, async (t) => {
    const tracker = await startScriptedTracker(t, {
      connect: (request, self) =>
        self.connects.length > lost
          ? wire.connectResponse(request, self.issueConnectionId())
          : undefined
    })
    const client = createClient(t, tracker.url, { _timeout: ANSWERED_MS })
    const start = performance.now()
    client.announce(2)

    await nextUpdate(client)
    assert.equal(tracker.connects.length, lost + 1)
    assert.equal(tracker.announces.length, 1)
    assertWaited(tracker.connects, start)
  })

  test(`${lost} lost announce requests cost time only`, async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request, self) =>
        self.announces.length > lost ? wire.announceResponse(request, { seeds: 1 }) : undefined
    })
    const client = createClient(t, tracker.url, { _timeout: ANSWERED_MS })
    client.announce(2)

    assert.equal((await nextUpdate(client)).seeds, 1)
    // A busy machine may take so long for the answer that one more goes out.
    const kinds = tracker.requests.map(({ kind }) => kind)
    assert.ok(kinds.filter((kind) => kind === 'announce').length > lost)
    assert.ok(kinds.lastIndexOf('connect') < kinds.indexOf('announce'), kinds.join(' '))
  })
}

test('an answer to the first send is good after a second one has gone out', async (t) => {
  const tracker = await startScriptedTracker(t, { announce: silent })
  const client = createClient(t, tracker.url, { _timeout: patient(50) })
  client.announce(2)
  const first = await tracker.nextAnnounce()
  await tracker.nextAnnounce()
  const updated = nextUpdate(client)
  await tracker.send(wire.announceResponse(first, { seeds: 9 }), first)

  assert.equal((await updated).seeds, 9)
})
