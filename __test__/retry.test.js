// The option `retry`: an announce after a failure, by itself.
'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')
const os = require('node:os')
const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { onlyWait, waits } = require('./support/interval-clock.js')
const clock = require('./support/limit-clock.js')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { UdpTracker, createClient, nextUpdate, nextError } = require('./support/client.js')
const retry = require('../lib/api/retry.js')
const wire = require('./support/wire.js')

const REFUSED = { announce: (request) => wire.errorResponse(request, 'unregistered torrent') }
const MINUTE = 60_000

// A wait is up to a fifth shorter than its number.
function assertWait(wait, expected) {
  assert.ok(wait <= expected && wait >= 0.8 * expected, `${wait} of ${expected} ms`)
}

// As the package sees it ten seconds later.
function networkComesBack(t) {
  const { networkInterfaces } = os
  t.after(() => (os.networkInterfaces = networkInterfaces))
  const wlan = [{ address: '192.0.2.7', family: 'IPv4', internal: false }]
  os.networkInterfaces = () => ({ ...networkInterfaces(), wlan })
  clock.pass(9_999)
  clock.pass(1)
}

describe('the wait after a failure', () => {
  const minutesAfter = (failure, interval = null) =>
    [1, 2, 3, 4, 5, 6, 7, 50].map((failures) => {
      const waits = Array.from({ length: 100 }, () => retry.waitAfter(failure, failures, interval))
      assert.ok(new Set(waits).size > 50, 'each is another')
      const most = Math.max(...waits)
      assert.ok(Math.min(...waits) >= (0.8 * most) / 1, 'a fifth at most is left out')
      return Math.round((most * 3) / MINUTE) / 3
    })
  const plain = [1 / 3, 1, 5, 15, 30, 60, 60, 60]
  const near = (waits, expected) =>
    waits.forEach((wait, i) =>
      assert.ok(Math.abs(wait - expected[i]) <= 0.08 * expected[i], waits.join())
    )

  test('is 20 s, 1, 5, 15, 30, then 60 minutes, and never twice the same', () => {
    for (const code of ['TIMEOUT', 'NETWORK', 'DNS', 'BAD_RESPONSE']) {
      near(minutesAfter({ code, message: '' }), plain)
    }
  })

  test("starts at a minute after the tracker's own words", () => {
    const failure = { code: 'TRACKER_ERROR', message: 'unregistered torrent' }
    near(minutesAfter(failure), [...plain.slice(1), 60])
  })

  test('starts at a minute after the answer that opentracker has for a torrent not on its list', () => {
    const failure = { code: 'BAD_RESPONSE', causeCode: 'ANNOUNCE_LENGTH' }
    near(minutesAfter(failure), [...plain.slice(1), 60])
  })

  test("is never longer than the tracker's interval", () => {
    near(minutesAfter({ code: 'TIMEOUT', message: '' }, 600), [1 / 3, 1, 5, 10, 10, 10, 10, 10])
    near(minutesAfter({ code: 'TIMEOUT', message: '' }, 1), Array(8).fill(1 / 3))
  })

  test('is none where it would change nothing: the URL is not usable', () => {
    assert.equal(retry.waitAfter({ code: 'BAD_URL', message: '' }, 1, null), null)
  })
})

describe('with retry a failed announce', () => {
  test('is told, counted, and made again with the same event and the numbers of by then', async (t) => {
    const tracker = await startScriptedTracker(t, REFUSED)
    const client = createClient(t, tracker.url, { retry: true })
    const counters = { left: 100 }
    client.announce('started', counters)
    assert.deepEqual([client.failures, client.lastError, client.nextAnnounce], [0, null, null])

    for (const failures of [1, 2]) {
      assert.equal(await nextError(client), 'unregistered torrent')
      assert.deepEqual([client.failures, client.lastError], [failures, 'unregistered torrent'])
      const { wait, isKept, fire } = onlyWait()
      assertWait(wait, [MINUTE, 5 * MINUTE][failures - 1])
      assert.equal(isKept, false)
      assert.ok(Math.abs(client.nextAnnounce - Date.now() - wait) < 5000)
      assert.equal(client._in_interval, false)
      counters.left = 100 - failures
      if (failures === 2) tracker.script.announce = (request) => wire.announceResponse(request)
      fire()
      assert.equal(client.nextAnnounce, null)
    }

    await nextUpdate(client)
    assert.deepEqual([client.failures, client.lastError], [0, null])
    assert.equal(onlyWait().wait, 1800_000)
    assert.ok(client.nextAnnounce > Date.now() + 1000_000)
    const said = tracker.announces.map(({ event, left }) => `${event} ${left}`)
    assert.deepEqual([...new Set(said)], ['2 100', '2 99', '2 98'])
    client.destroy()
    assert.deepEqual(waits(), [])
  })

  test('has a minute, unless `timeout` says otherwise', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    for (const [opts, ms] of [
      [{ retry: true }, MINUTE],
      [{ retry: true, timeout: 5000 }, 5000]
    ]) {
      const client = createClient(t, tracker.url, opts)
      client.announce('started')
      await tracker.nextAnnounce()
      clock.pass(ms - 1)
      assert.equal(clock.count(), 1)
      clock.pass(1)
      assert.equal(await nextError(client), `tracker is not responding after:${ms}`)
      assertWait(onlyWait().wait, 20_000)
      client.destroy()
    }
  })

  test('is replaced by an announce of the application, as in its listener', async (t) => {
    const tracker = await startScriptedTracker(t, REFUSED)
    const client = createClient(t, tracker.url, { retry: true })
    client.announce('started')
    client.once('error', () => client.announce('completed', { left: 0 }))
    await nextError(client)
    assert.deepEqual(waits(), [])
    await nextError(client)
    assert.equal(client.failures, 2)
    assert.equal(tracker.announces.at(-1).event, 1)
    client.destroy()
  })

  test('is not made again once the tracker is destroyed', async (t) => {
    const tracker = await startScriptedTracker(t, REFUSED)
    const client = createClient(t, tracker.url, { retry: true })
    client.announce('started')
    client.once('error', () => client.destroy())
    await nextError(client)
    assert.deepEqual([waits(), client.nextAnnounce, retry.waiting.size], [[], null, 0])
  })

  test('is not made again for a URL that is not usable', async (t) => {
    const client = createClient(t, 'http://tracker.example.org', { retry: true })
    client.announce('started')
    assert.match(await nextError(client), /not udp/)
    assert.deepEqual([waits(), client.failures, client.nextAnnounce], [[], 1, null])
  })

  test('is made within seconds when the network has come back', async (t) => {
    const tracker = await startScriptedTracker(t, REFUSED)
    const clients = [1, 2, 3].map(() => createClient(t, tracker.url, { retry: true }))
    for (const client of clients) {
      client.announce('started')
      await nextError(client)
    }
    clients[2].destroy()
    tracker.script.announce = (request) => wire.announceResponse(request)
    networkComesBack(t)
    const sooner = waits()
    assert.equal(sooner.length, 2)
    assert.notEqual(sooner[0].wait, sooner[1].wait)
    for (const { wait, fire } of sooner) {
      assert.ok(wait < 5000, String(wait))
      fire()
    }
    await Promise.all(clients.slice(0, 2).map((client) => nextUpdate(client)))
    assert.equal(retry.waiting.size, 0)
    clock.pass(100_000)
    assert.ok(waits().every(({ wait }) => wait === 1800_000))
    for (const client of clients) client.destroy()
  })

  test('is made in the context of the announce that failed, or in none', async (t) => {
    const tenant = new AsyncLocalStorage()
    const heard = []
    const all = ['a', undefined, 'b']
    for (const name of all) {
      const wait = () => retry.wait(all.indexOf(name), () => heard.push(tenant.getStore()))
      if (name === undefined) tenant.exit(wait)
      else tenant.run(name, wait)
    }
    tenant.run('another', () => networkComesBack(t))
    for (const index of all.keys()) retry.forget(index)
    assert.deepEqual(heard, all)
  })

  test('stays off where a field cannot be sent only until it can', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url, { retry: true })
    client.announce('started')
    await nextUpdate(client)
    client.infoHash = 'no hash'
    const failed = nextError(client)
    onlyWait().fire()
    assert.match(await failed, /infoHash/)
    assert.equal(client.failures, 1)
    client.infoHash = 'ab'.repeat(20)
    onlyWait().fire()
    await nextUpdate(client)
    assert.equal(client.failures, 0)
    client.destroy()
  })
})

test('without retry nothing is scheduled and nothing counted', async (t) => {
  const tracker = await startScriptedTracker(t, REFUSED)
  const client = createClient(t, tracker.url)
  client.announce('started')
  await nextError(client)
  assert.deepEqual(waits(), [])
  assert.deepEqual([client.failures, client.lastError, client.nextAnnounce], [0, null, null])
  assert.ok(!Object.keys(client).includes('failures'))
})

test('a subclass may have fields of these names', () => {
  class Counting extends UdpTracker {
    constructor(...args) {
      super(...args)
      this.failures = 5
      this.destroyed = 'mine'
      this.lastError = 'mine'
    }
  }
  const { failures, destroyed } = createClient({ after() {} }, 'udp://127.0.0.1', {}, Counting)
  assert.deepEqual([failures, destroyed], [5, 'mine'])
})
