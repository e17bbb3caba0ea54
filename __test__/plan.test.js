// What a tracker object does beyond version 1 when it is told to: its time limit and signal, the wait between announces, and
// what each of them says.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { getEventListeners } = require('node:events')
const { onlyWait, waits } = require('./support/interval-clock.js')
const clock = require('./support/limit-clock.js')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { UdpTracker, INFO_HASH, PEER_ID, createClient } = require('./support/client.js')
const { nextUpdate, nextError, recordEvents, allDelivered } = require('./support/client.js')
const { startScript } = require('./support/child.js')
const wire = require('./support/wire.js')

const answering = (answer) => ({ announce: (request) => wire.announceResponse(request, answer) })

describe('timeout', () => {
  test('is how long an announce may take in all', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const client = createClient(t, tracker.url, { timeout: 1000 })
    client.announce('started')
    await tracker.nextAnnounce()
    clock.pass(999)
    assert.ok(client._socket)
    clock.pass(1)
    assert.equal(await nextError(client), 'tracker is not responding after:1000')
    assert.deepEqual([waits(), clock.count()], [[], 0])
  })

  test('is over with the answer, and with the end of the tracker', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url, { timeout: '1000' })
    client.announce('started')
    await nextUpdate(client)
    assert.equal(clock.count(), 0)
    client.announce('started', { force: true })
    assert.equal(clock.count(), 1)
    client.destroy()
    assert.equal(clock.count(), 0)
  })

  test('is how long a scrape may be without results', async (t) => {
    const tracker = await startScriptedTracker(t, { scrape: silent })
    const client = createClient(t, tracker.url, { timeout: 1000 })
    client.scrape()
    await tracker.nextScrape()
    clock.pass(1000)
    assert.equal(await nextError(client), 'tracker is not responding after:1000')
    client.scrape()
    client.destroy()
    assert.equal(clock.count(), 0)
  })

  test('is none by default', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const client = createClient(t, tracker.url)
    client.announce('started')
    await tracker.nextAnnounce()
    assert.equal(clock.count(), 0)
  })
})

describe('signal', () => {
  test('destroys the tracker', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const controller = new AbortController()
    const client = createClient(t, tracker.url, { signal: controller.signal })
    const events = recordEvents(client)
    client.announce('started')
    await tracker.nextAnnounce()
    controller.abort()
    assert.deepEqual([client.destroyed, client.destoryed, client._socket], [true, true, null])
    client.announce('started')
    await allDelivered(t)
    assert.deepEqual(events, [])
    assert.equal(tracker.announces.length, 1)
  })

  test('that has been aborted makes a destroyed tracker', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url, { signal: AbortSignal.abort() })
    assert.equal(client.destroyed, true)
    client.announce('started')
    await allDelivered(t)
    assert.deepEqual(tracker.requests, [])
  })

  test('may be shared, and is let go of by destroy', () => {
    const { signal } = new AbortController()
    const make = () => new UdpTracker(PEER_ID, INFO_HASH, 'udp://127.0.0.1', { signal })
    const clients = Array.from({ length: 50 }, make)
    assert.equal(getEventListeners(signal, 'abort').length, 1)
    for (const client of clients) client.destroy()
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })
})

describe('the wait between announces', () => {
  async function waitsOf(t, interval, opts) {
    const tracker = await startScriptedTracker(t, answering({ interval }))
    const found = []
    for (let i = 0; i < 20; i++) {
      const client = createClient(t, tracker.url, opts)
      client.announce('started')
      await nextUpdate(client)
      assert.equal(client.interval, interval)
      found.push(onlyWait().wait)
      client.destroy()
    }
    return found
  }

  test('is the interval, and a second at least', async (t) => {
    assert.deepEqual([...new Set(await waitsOf(t, 900))], [900_000])
    assert.deepEqual([...new Set(await waitsOf(t, 0, { minInterval: 0.1 }))], [1000])
  })

  test('is minInterval where the interval is shorter', async (t) => {
    assert.deepEqual([...new Set(await waitsOf(t, 5, { minInterval: 60 }))], [60_000])
    assert.deepEqual([...new Set(await waitsOf(t, 900, { minInterval: 60 }))], [900_000])
  })

  test('is longer by a share of it at most, another each time, with jitter', async (t) => {
    const found = await waitsOf(t, 1000, { jitter: 0.1 })
    assert.ok(found.every((wait) => wait >= 1_000_000 && wait <= 1_100_000))
    assert.ok(new Set(found).size > 10)
  })

  test('is as long as a timer can wait where that is not enough', async (t) => {
    assert.ok((await waitsOf(t, 2147483, { jitter: 1 })).every((wait) => wait <= 2 ** 31 - 1))
  })
})

describe('keepAlive', () => {
  test('keeps the process alive between announces, until destroy', async (t) => {
    const tracker = await startScriptedTracker(t, answering({ interval: 1 }))
    const child = startScript(
      t,
      `let updates = 0
       const tracker = create(undefined, { keepAlive: true })
       tracker.on('update', () => ++updates === 2 && (console.log(updates), tracker.destroy()))
       tracker.announce('started')`,
      tracker.url
    )
    assert.deepEqual(await child.exit(), { code: 0, signal: null, stdout: '2\n', stderr: '' })
  })
})

describe("events: 'once'", () => {
  // The events that a tracker is told in its first rounds.
  async function told(t, event, opts, { rounds = 3, counters = {}, onUpdate = () => {} } = {}) {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url, opts)
    client.on('update', () => onUpdate(client, counters))
    client.announce(event, counters)
    for (let i = 1; i < rounds; i++) {
      await nextUpdate(client)
      for (const { fire } of waits()) fire()
    }
    await nextUpdate(client)
    client.destroy()
    return tracker.announces.map((request) => request.event)
  }
  const once = { events: 'once' }

  test('says started and completed once', async (t) => {
    assert.deepEqual(await told(t, 'started', once), [2, 0, 0])
    assert.deepEqual(await told(t, 1, once), [1, 0, 0])
  })

  test('goes on saying paused', async (t) => {
    assert.deepEqual(await told(t, 'paused', once), [4, 4, 4])
  })

  test('says it once of an object that cannot be written to', async (t) => {
    assert.deepEqual(await told(t, 'started', once, { counters: Object.freeze({}) }), [2, 0, 0])
  })

  test('says what the application has put there since', async (t) => {
    const onUpdate = (client, counters) => (counters.event = 'completed')
    assert.deepEqual(await told(t, 'started', once, { onUpdate, rounds: 2 }), [2, 1])
  })

  test('schedules nothing behind stopped', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url, { ...once, retry: true })
    client.announce('stopped')
    await nextUpdate(client)
    assert.deepEqual([waits(), client._in_interval, client.nextAnnounce], [[], false, null])
  })

  test('says started again after a failure, since nobody has heard it', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => wire.errorResponse(request, 'no')
    })
    const client = createClient(t, tracker.url, { ...once, retry: true })
    client.announce('started')
    await nextError(client)
    tracker.script.announce = (request) => wire.announceResponse(request)
    const { length } = tracker.announces
    onlyWait().fire()
    await nextUpdate(client)
    assert.equal(tracker.announces[length].event, 2)
    client.destroy()
  })

  test('without it each interval repeats the event, as in version 1', async (t) => {
    assert.deepEqual(await told(t, 'started', {}), [2, 2, 2])
  })
})

describe('in the options of one announce', () => {
  test('numWant, key and ip are of this one alone', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url, { numWant: 10, key: 1 })
    client.announce('started', { numWant: 200, key: 7, ip: '1.2.3.4' })
    await nextUpdate(client)
    client.announce('none', { force: true, numWant: 0 })
    await nextUpdate(client)
    const said = tracker.announces.map(({ numWant, key, ip }) => [numWant, key, ip])
    assert.deepEqual(said, [
      [200, 7, 0x01020304],
      [0, 1, 0]
    ])
  })

  test('a wrong one throws, and where the interval ends is told and left out', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url, { numWant: 10 })
    assert.throws(() => client.announce('started', { numWant: -5 }), RangeError)
    assert.throws(() => client.announce('started', { key: 'x' }), TypeError)
    assert.throws(() => client.announce('started', { ip: '::1' }), RangeError)
    const opts = { numWant: 20 }
    client.announce('started', opts)
    await nextUpdate(client)
    opts.numWant = -5
    const failed = nextError(client)
    onlyWait().fire()
    assert.match(await failed, /opts\.numWant/)
    await nextUpdate(client)
    assert.deepEqual(
      tracker.announces.map(({ numWant }) => numWant),
      [20, 10]
    )
    client.destroy()
  })
})
