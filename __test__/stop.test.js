// tracker.stop(): `stopped` is said, and the tracker is destroyed.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const clock = require('./support/limit-clock.js')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { UdpTracker, createClient, nextUpdate, recordEvents } = require('./support/client.js')
const { startScript } = require('./support/child.js')
const { deadline } = require('./support/deadline.js')
const wire = require('./support/wire.js')

const settled = (promise) => deadline(promise, 'stop() did not resolve')

test('stop says stopped within the interval, wants no peers, and resolves when that is answered', async (t) => {
  const tracker = await startScriptedTracker(t)
  const client = createClient(t, tracker.url, { port: 6881, key: 5 })
  const counters = { downloaded: 1, left: 10, uploaded: 3 }
  client.announce('started', counters)
  await nextUpdate(client)
  const events = recordEvents(client)
  counters.left = 9

  assert.equal(await settled(client.stop()), true)
  const [, { event, downloaded, left, uploaded, numWant, port, key }] = tracker.announces
  assert.deepEqual([event, downloaded, left, uploaded], [3, 1n, 9n, 3n])
  assert.deepEqual([numWant, port, key], [0, 6881, 5])
  assert.deepEqual([client.destroyed, client.destoryed, client._socket], [true, true, null])
  assert.deepEqual(client._announce_intervals_timeout, [])
  assert.deepEqual(events, [], 'nothing is emitted')
  assert.equal(clock.count(), 0)
})

test('stop replaces the announce in flight', async (t) => {
  const tracker = await startScriptedTracker(t, {
    announce: (request) => (request.event === 3 ? wire.announceResponse(request) : undefined)
  })
  const client = createClient(t, tracker.url)
  const events = recordEvents(client)
  client.announce('started', { left: 5 })
  await tracker.nextAnnounce()
  const stopped = client.stop()
  client.announce('completed')
  assert.equal(await settled(stopped), true)
  assert.deepEqual(
    tracker.announces.map(({ event }) => event),
    [2, 3]
  )
  assert.deepEqual(events, [])
})

test('stop resolves to false when the tracker refuses, and when the time is up', async (t) => {
  const tracker = await startScriptedTracker(t, {
    announce: (request) => wire.errorResponse(request, 'no')
  })
  assert.equal(await settled(createClient(t, tracker.url).stop()), false)

  tracker.script.announce = silent
  for (const [opts, ms] of [
    [{ timeout: 3000 }, 3000],
    [undefined, 15_000]
  ]) {
    const client = createClient(t, tracker.url)
    const stopped = client.stop(opts)
    await tracker.nextAnnounce()
    clock.pass(ms - 1)
    assert.equal(clock.count(), 1)
    assert.ok(client._socket)
    clock.pass(1)
    assert.equal(await settled(stopped), false)
    assert.equal(client._socket, null)
  }
})

test('stop never rejects: nothing that is in the object makes it', async (t) => {
  const tracker = await startScriptedTracker(t)
  const spoilt = {
    infoHash: (client) => (client.infoHash = 'no hash'),
    announceUrl: (client) => (client.announceUrl = 'http://127.0.0.1'),
    _timeout: (client) => (client._timeout = {})
  }
  for (const spoil of Object.values(spoilt)) {
    const client = createClient(t, tracker.url)
    spoil(client)
    assert.equal(await settled(client.stop()), false)
    assert.equal(client.destroyed, true)
  }
  const client = createClient(t, tracker.url)
  client.announce('started', { left: 5 })
  await nextUpdate(client)
  Object.assign(client._last_opts, { left: -1, numWant: 'many' })
  assert.equal(await settled(client.stop()), true)
  assert.equal(tracker.announces.at(-1).left, 2n ** 64n - 1n)
})

test('stop of a tracker that has stopped or been destroyed says nothing more', async (t) => {
  const tracker = await startScriptedTracker(t)
  const client = createClient(t, tracker.url)
  const [first, second] = [client.stop(), client.stop()]
  assert.deepEqual(await settled(Promise.all([first, second])), [true, true])
  assert.equal(await settled(client.stop()), false)
  assert.equal(tracker.announces.length, 1)

  const destroyed = createClient(t, tracker.url)
  destroyed.destroy()
  assert.equal(await settled(destroyed.stop()), false)
  assert.equal(tracker.announces.length, 1)
})

test('destroy cuts it short', async (t) => {
  const tracker = await startScriptedTracker(t, { announce: silent })
  const client = createClient(t, tracker.url)
  const stopped = client.stop()
  await tracker.nextAnnounce()
  client.destroy()
  assert.equal(await settled(stopped), false)
  assert.equal(clock.count(), 0)
})

test("stop calls a subclass's destroy when it is over", async (t) => {
  const calls = []
  class Sub extends UdpTracker {
    destroy() {
      calls.push(this._socket)
      super.destroy()
    }
  }
  const tracker = await startScriptedTracker(t)
  const client = createClient(t, tracker.url, {}, Sub)
  await settled(client.stop())
  assert.deepEqual(calls, [null])
})

test('drain waits for it', async (t) => {
  const tracker = await startScriptedTracker(t)
  for (let i = 0; i < 10; i++) createClient(t, tracker.url).stop()
  assert.equal(await settled(UdpTracker.drain()), 0)
  assert.equal(tracker.announces.length, 10)
})

test('a wrong option of stop is a rejection, and the tracker goes on', async (t) => {
  const tracker = await startScriptedTracker(t)
  const client = createClient(t, tracker.url)
  await assert.rejects(client.stop({ timeout: -1 }), {
    name: 'RangeError',
    message: /opts\.timeout/
  })
  await assert.rejects(client.stop({ timeot: 1 }), { message: /did you mean timeout/ })
  client.announce('started')
  await nextUpdate(client)
})

test('a process that has nothing else to do ends with it', async (t) => {
  const tracker = await startScriptedTracker(t)
  const child = startScript(
    t,
    `const tracker = create(undefined, { keepAlive: true })
     tracker.once('update', async () => {
       console.log('started')
       console.log(await tracker.stop())
     })
     tracker.announce('started')`,
    tracker.url
  )
  assert.deepEqual(await child.exit(), {
    code: 0,
    signal: null,
    stdout: 'started\ntrue\n',
    stderr: ''
  })
})
