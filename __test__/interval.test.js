// The interval between announces: what happens within it, at its end, and when it is cut short.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { inspect } = require('node:util')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { UdpTracker, createClient, nextUpdate, nextError } = require('./support/client.js')
const { recordEvents, allDelivered } = require('./support/client.js')
const wire = require('./support/wire.js')

// Timers of Node and the clock of this test round differently.
const CLOCK_SLACK_MS = 2

const everySecond = { announce: (request) => wire.announceResponse(request, { interval: 1 }) }

describe('while the interval runs, announce', () => {
  test('emits "not calling announce" at once and sends nothing', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url)
    client.announce(2)
    await nextUpdate(client)

    const events = recordEvents(client)
    client.announce(1)
    assert.deepEqual(events, [['error', 'not calling announce']])
    await allDelivered(t)
    assert.equal(tracker.requests.length, 2)
    assert.equal(client._socket, null)
  })

  test('keeps its opts as the latest, to be sent when the interval ends', async (t) => {
    const tracker = await startScriptedTracker(t, everySecond)
    const client = createClient(t, tracker.url)
    client.announce(2, { downloaded: 1, left: 2, uploaded: 3 })
    await nextUpdate(client)

    const refused = nextError(client)
    const opts = { downloaded: 12, left: 13, uploaded: 14 }
    client.announce(3, opts)
    assert.equal(await refused, 'not calling announce')
    assert.equal(client._last_opts, opts)
    await nextUpdate(client)

    const { event, downloaded, left, uploaded } = tracker.announces[1]
    assert.deepEqual([event, downloaded, left, uploaded], [3, 12n, 13n, 14n])
  })
})

describe('with force: true, announce', () => {
  test('sends at once and starts the interval anew', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url)
    client.announce('started', { left: 100 })
    await nextUpdate(client)

    client.announce('completed', { left: 0, force: true })
    await nextUpdate(client)

    assert.deepEqual(
      tracker.announces.map(({ event, left }) => [event, left]),
      [
        [2, 100n],
        [1, 0n]
      ]
    )
    assert.equal(client._announce_intervals_timeout.length, 1)
    assert.equal(client._in_interval, true)
  })

  test('replaces the interval that was running by that of its own answer', async (t) => {
    const tracker = await startScriptedTracker(t, everySecond)
    const client = createClient(t, tracker.url)
    client.announce(2)
    await nextUpdate(client)
    tracker.script.announce = (request) => wire.announceResponse(request, { interval: 1000 })
    client.announce(1, { force: true })
    await nextUpdate(client)

    // Its interval begins later than the one that was replaced, so it ends later.
    tracker.script.announce = everySecond.announce
    const witness = createClient(t, tracker.url)
    witness.announce(0)
    await nextUpdate(witness)
    await nextUpdate(witness)
    assert.deepEqual(
      tracker.announces.map(({ event }) => event),
      [2, 1, 0, 0]
    )
    assert.equal(client.interval, 1000)
  })

  test('leaves nothing scheduled when it fails, and the next announce is sent', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url)
    client.announce(2)
    await nextUpdate(client)
    tracker.script.announce = (request) => wire.errorResponse(request, 'not today')
    client.announce(1, { force: true })
    assert.equal(await nextError(client), 'not today')

    client.announce(1)
    assert.equal(await nextError(client), 'not today')
    // The first error came with a connection ID that had been in use: it was asked again with a fresh one.
    assert.equal(tracker.announces.length, 4)
  })
})

describe('when the interval ends', () => {
  test('the same opts object goes out with its current numbers and the last event', async (t) => {
    const tracker = await startScriptedTracker(t, everySecond)
    const client = createClient(t, tracker.url)
    const opts = { downloaded: 0, left: 1000, uploaded: 0 }
    client.announce('none', opts)
    await nextUpdate(client)

    Object.assign(opts, { downloaded: 400, left: 600, uploaded: 5n })
    await nextUpdate(client)

    const { event, downloaded, left, uploaded } = tracker.announces[1]
    assert.deepEqual([event, downloaded, left, uploaded], [0, 400n, 600n, 5n])
    assert.equal(client._last_opts, opts)
  })

  test('no announce goes out before its seconds have passed', async (t) => {
    const tracker = await startScriptedTracker(t, everySecond)
    const client = createClient(t, tracker.url)
    client.announce(2)
    await nextUpdate(client)
    await nextUpdate(client)

    const [first, second] = tracker.announces
    assert.ok(second.at - first.at >= 1000 - CLOCK_SLACK_MS, `${second.at - first.at} ms`)
    assert.equal(client._announce_intervals_timeout.length, 1, 'the timer that ended is gone')
  })

  test("announce is called as the object's own method, with the event and the opts", async (t) => {
    const calls = []
    class Counting extends UdpTracker {
      announce(event, opts) {
        calls.push([event, opts])
        return super.announce(event, opts)
      }
    }
    const tracker = await startScriptedTracker(t, everySecond)
    const client = createClient(t, tracker.url, {}, Counting)
    const opts = { left: 1 }
    client.announce('started', opts)
    await nextUpdate(client)
    await nextUpdate(client)

    assert.equal(calls.length, 2)
    assert.deepEqual(
      calls.map(([event]) => event),
      ['started', 'started']
    )
    assert.ok(calls.every(([, each]) => each === opts))
  })

  test('_in_interval is false again when announce is called', async (t) => {
    const states = []
    class Looking extends UdpTracker {
      announce(event, opts) {
        states.push(this._in_interval)
        return super.announce(event, opts)
      }
    }
    const tracker = await startScriptedTracker(t, everySecond)
    const client = createClient(t, tracker.url, {}, Looking)
    client.announce(2)
    await nextUpdate(client)
    await nextUpdate(client)

    assert.deepEqual(states, [false, false])
  })

  test('a counter that has become invalid is an error event, and is announced as not known', async (t) => {
    const tracker = await startScriptedTracker(t, everySecond)
    const client = createClient(t, tracker.url)
    const opts = { downloaded: 1, left: 1000, uploaded: 1 }
    client.announce('none', opts)
    await nextUpdate(client)
    Object.assign(opts, { downloaded: -1, left: -1 })

    assert.match(await nextError(client), /downloaded/)
    await nextUpdate(client)
    const { downloaded, left, uploaded } = tracker.announces[1]
    assert.deepEqual([downloaded, left, uploaded], [0n, 2n ** 64n - 1n, 1n])
    assert.equal(client._last_opts, opts)

    Object.assign(opts, { downloaded: 600, left: 400 })
    await nextUpdate(client)
    assert.equal(tracker.announces[2].left, 400n)
  })

  for (const falsy of [NaN, '', false, null, undefined]) {
    test(`a counter that has become ${inspect(falsy)} goes out as 0, and nothing is said`, async (t) => {
      const tracker = await startScriptedTracker(t, everySecond)
      const client = createClient(t, tracker.url)
      const opts = { downloaded: 5, left: 1000 }
      client.announce('none', opts)
      await nextUpdate(client)
      Object.assign(opts, { downloaded: falsy, left: falsy })
      await nextUpdate(client)
      assert.deepEqual([tracker.announces[1].downloaded, tracker.announces[1].left], [0n, 0n])
    })
  }

  for (const [what, spoil] of Object.entries({
    'has become unknown': (opts) => (opts.event = 'finished'),
    'is gone': (opts) => delete opts.event,
    'cannot be read': (opts) =>
      Object.defineProperty(opts, 'event', {
        get() {
          throw new Error('not now')
        }
      })
  })) {
    test(`an event that ${what} is an error event, and the torrent stays announced`, async (t) => {
      const tracker = await startScriptedTracker(t, everySecond)
      const client = createClient(t, tracker.url)
      const opts = { left: 7 }
      client.announce('started', opts)
      await nextUpdate(client)
      spoil(opts)
      assert.equal(await nextError(client), 'unknown event')
      await nextUpdate(client)
      assert.deepEqual([tracker.announces[1].event, tracker.announces[1].left], [0, 7n])
    })
  }

  test('nothing is announced if clearTimeout stopped its timer', async (t) => {
    const tracker = await startScriptedTracker(t, everySecond)
    const stopped = createClient(t, tracker.url)
    stopped.announce(2)
    await nextUpdate(stopped)
    stopped._announce_intervals_timeout.forEach((timer) => clearTimeout(timer))

    // Started later, so that its second announce comes after the first one's would have.
    const other = createClient(t, tracker.url)
    other.announce(2)
    await nextUpdate(other)
    await nextUpdate(other)

    assert.equal(tracker.announces.length, 3)
  })
})

test('after an error nothing is scheduled', async (t) => {
  const tracker = await startScriptedTracker(t, {
    announce: (request) => wire.errorResponse(request, 'not today')
  })
  const client = createClient(t, tracker.url)
  client.announce(2)
  await nextError(client)

  assert.equal(client._in_interval, false)
  assert.deepEqual(client._announce_intervals_timeout, [])
  assert.equal(client.interval, null)
})

test('an announce that fails at the end of the interval ends the round', async (t) => {
  const tracker = await startScriptedTracker(t, everySecond)
  const client = createClient(t, tracker.url)
  client.announce(2)
  await nextUpdate(client)
  tracker.script.announce = (request) => wire.errorResponse(request, 'not today')
  assert.equal(await nextError(client), 'not today')

  assert.equal(client._in_interval, false)
  assert.deepEqual(client._announce_intervals_timeout, [])
  assert.equal(client.interval, 1)
})
