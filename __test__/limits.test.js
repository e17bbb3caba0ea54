// When promises are given up: no progress for too long, an aborted signal, and what has come in by then.
'use strict'

const clock = require('./support/limit-clock.js')
const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { getEventListeners } = require('node:events')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { startScript } = require('./support/child.js')
const {
  UdpTracker,
  INFO_HASH,
  createClient,
  allDelivered,
  REQUEST
} = require('./support/client.js')
const { deadline, patient } = require('./support/deadline.js')
const { A_THREAD_OF_ITS_OWN } = require('./support/portable.js')
const wire = require('./support/wire.js')

const { announce, scrape, drain } = UdpTracker
const A_DATAGRAM = 60

const hashes = (count) =>
  Array.from({ length: count }, (_, index) => index.toString(16).padStart(40, '0'))
const settled = (promise) => deadline(promise, 'the promise was not settled')

// A scrape of `count` datagrams at a tracker that holds them: `answer()` answers one and waits for its rows.
async function startHeldScrape(t, count, opts) {
  const tracker = await startScriptedTracker(t, { scrape: silent })
  let onRows = null
  const result = scrape(tracker.url, hashes(A_DATAGRAM * count), {
    ...opts,
    onProgress: (progress) => onRows(progress)
  })
  result.catch(() => {})
  const answer = async () => {
    const request = await tracker.nextScrape()
    const rows = new Promise((resolve) => (onRows = resolve))
    const answers = request.infoHashes.map(() => ({ seeds: 1 }))
    await tracker.send(wire.scrapeResponse(request, answers), request)
    return deadline(rows, 'no progress')
  }
  return { tracker, result, answer }
}

describe('the timeout of an announce', () => {
  test('is the time for the whole of it', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const failed = assert.rejects(announce(tracker.url, { ...REQUEST, timeout: 1000 }), {
      code: 'TIMEOUT',
      message: 'tracker is not responding after:1000'
    })
    await tracker.nextConnect()
    clock.pass(600)
    await tracker.nextAnnounce()
    clock.pass(399)
    assert.equal(clock.count(), 1)
    clock.pass(1)
    await settled(failed)
  })

  test('is 15 s by default, and 1 ms at least', async (t) => {
    const tracker = await startScriptedTracker(t, { connect: silent })
    for (const [given, used] of [
      [undefined, 15_000],
      [null, 15_000],
      ['250', 250],
      [1e-300, 1]
    ]) {
      const failed = assert.rejects(announce(tracker.url, { ...REQUEST, timeout: given }), {
        message: `tracker is not responding after:${used}`
      })
      clock.pass(used)
      await settled(failed)
    }
  })
})

describe('the timeout of a scrape', () => {
  test('starts again whenever rows come in', async (t) => {
    const { result, answer } = await startHeldScrape(t, 4, { timeout: 1000 })
    for (let done = 1; done <= 4; done++) {
      clock.pass(999)
      assert.equal((await answer()).done, done * A_DATAGRAM)
    }
    assert.equal((await settled(result)).length, 4 * A_DATAGRAM)
    assert.equal(clock.count(), 0)
  })

  test('ends it when none come in, and the error has those that did', async (t) => {
    const { result, answer } = await startHeldScrape(t, 3, { timeout: 1000 })
    await answer()
    clock.pass(999)
    await answer()
    clock.pass(1000)
    const error = await settled(result.catch((reason) => reason))
    assert.equal(error.code, 'TIMEOUT')
    assert.equal(error.results.length, 2 * A_DATAGRAM)
    const asked = hashes(3 * A_DATAGRAM)
    let last = -1
    for (const { infoHash, seeds } of error.results) {
      assert.equal(seeds, 1)
      assert.ok(asked.indexOf(infoHash) > last, 'in the order asked')
      last = asked.indexOf(infoHash)
    }
    assert.equal(clock.count(), 0)
  })
})

describe('a scrape that fails', () => {
  test('has the results that came in before', async (t) => {
    const { tracker, result, answer } = await startHeldScrape(t, 3)
    await answer()
    // Whether the connection ID is suspected is up to when the datagrams left; then it is asked once more.
    tracker.script.scrape = (request) => wire.errorResponse(request, 'enough')
    const request = await tracker.nextScrape()
    await tracker.send(wire.errorResponse(request, 'enough'), request)
    const error = await settled(result.catch((reason) => reason))
    assert.equal(error.code, 'TRACKER_ERROR')
    assert.equal(error.results.length, A_DATAGRAM)
  })

  test('that got nothing has none', async (t) => {
    const tracker = await startScriptedTracker(t, {
      scrape: (request) => wire.errorResponse(request, 'no')
    })
    const error = await settled(scrape(tracker.url, [INFO_HASH]).catch((reason) => reason))
    assert.deepEqual(error.results, [])
  })
})

describe('JavaScript that is busy until the timeout has passed', () => {
  // Longer than it takes to ask: what is given up before is never answered.
  const TIMEOUT_MS = patient(500)
  // The call, and how many requests of the engine it makes.
  const cases = {
    announce: [
      `UdpTracker.announce(url, { peerId: 'x'.repeat(20), infoHash: 'ab'.repeat(20), port: 1, timeout: ${TIMEOUT_MS} })`,
      1
    ],
    scrape: [
      `UdpTracker.scrape(url, Array(200).fill('ab'.repeat(20)), { timeout: ${TIMEOUT_MS} })`,
      4
    ]
  }
  for (const [name, [call, requests]] of Object.entries(cases)) {
    test(`gets the answer that the engine has: ${name}`, A_THREAD_OF_ITS_OWN, async (t) => {
      const tracker = await startScriptedTracker(t)
      const child = startScript(
        t,
        `const url = process.env.TRACKER_URL
         const started = Date.now()
         ${call}.then(() => console.log('answered'), (err) => console.log(err.message))
         setImmediate(() => {
           while (UdpTracker.stats().answered < ${requests} || Date.now() < started + ${2 * TIMEOUT_MS});
         })`,
        tracker.url
      )
      assert.equal((await child.exit()).stdout, 'answered\n')
    })
  }
})

describe('an AbortSignal', () => {
  test('may be shared by any number of calls: it has one listener, and none in the end', async (t) => {
    const tracker = await startScriptedTracker(t)
    const { signal } = new AbortController()
    const warnings = []
    const onWarning = (warning) => warnings.push(warning)
    process.on('warning', onWarning)
    t.after(() => process.removeListener('warning', onWarning))

    const calls = Array.from({ length: 50 }, (_, index) =>
      index % 2
        ? announce(tracker.url, { ...REQUEST, signal })
        : scrape(tracker.url, [INFO_HASH], { signal })
    )
    assert.equal(getEventListeners(signal, 'abort').length, 1)
    await settled(Promise.all(calls))
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    assert.deepEqual(warnings, [])
  })

  test('ends all of its calls and no other', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const controller = new AbortController()
    const { signal } = controller
    const reason = new Error('enough')
    const calls = Array.from({ length: 20 }, () => announce(tracker.url, { ...REQUEST, signal }))
    const other = announce(tracker.url, REQUEST)
    let request
    for (let i = 0; i < 21; i++) request = await tracker.nextAnnounce()
    controller.abort(reason)
    const ends = await settled(Promise.allSettled(calls))
    assert.ok(ends.every((end) => end.reason === reason))
    for (const one of tracker.announces) await tracker.send(wire.announceResponse(one), one)
    await settled(other)
    assert.ok(request)
    assert.equal(clock.count(), 0)
  })

  test('may be of another implementation, without a reason', async (t) => {
    const tracker = await startScriptedTracker(t, { connect: silent })
    const listeners = new Set()
    const signal = {
      aborted: false,
      addEventListener: (_, listener) => listeners.add(listener),
      removeEventListener: (_, listener) => listeners.delete(listener)
    }
    const failed = assert.rejects(announce(tracker.url, { ...REQUEST, signal }), {
      name: 'AbortError',
      code: 'ABORT_ERR'
    })
    await tracker.nextConnect()
    for (const listener of listeners) listener()
    await settled(failed)
    assert.equal(listeners.size, 0)
  })

  test('whose addEventListener throws leaves nothing behind', async (t) => {
    const tracker = await startScriptedTracker(t)
    const signal = {
      aborted: false,
      addEventListener() {
        throw new Error('not now')
      },
      removeEventListener() {}
    }
    await assert.rejects(announce(tracker.url, { ...REQUEST, signal }), { message: 'not now' })
    await allDelivered(t)
    assert.equal(tracker.requests.length, 0)
    assert.equal(clock.count(), 0)
  })
})

describe('an onProgress that throws', () => {
  test('rejects the promise at once with what it threw, and the rest is not asked', async (t) => {
    const tracker = await startScriptedTracker(t, {
      scrape: (request, self) =>
        self.scrapes.length === 1
          ? wire.scrapeResponse(
              request,
              request.infoHashes.map(() => ({}))
            )
          : undefined
    })
    const own = new Error('own')
    let calls = 0
    const onProgress = () => {
      calls++
      throw own
    }
    const result = scrape(tracker.url, hashes(3 * A_DATAGRAM), { onProgress })
    await assert.rejects(settled(result), (reason) => reason === own)
    await allDelivered(t)
    assert.equal(calls, 1)
    assert.equal(clock.count(), 0)
  })
})

describe('the results of a scrape', () => {
  test('are for the hashes as they were when asked, whatever the buffers hold by then', async (t) => {
    const tracker = await startScriptedTracker(t, { scrape: silent })
    const buffer = Buffer.alloc(20, 1)
    const result = scrape(tracker.url, [buffer, buffer])
    buffer.fill(2)
    const request = await tracker.nextScrape()
    assert.deepEqual(request.infoHashes, [Buffer.alloc(20, 1), Buffer.alloc(20, 1)])
    await tracker.send(wire.scrapeResponse(request, [{}, {}]), request)
    for (const { infoHash } of await settled(result)) assert.equal(infoHash, '01'.repeat(20))
  })

  test('are for each hash as it was when the list gave it', async (t) => {
    const tracker = await startScriptedTracker(t)
    const buffer = Buffer.alloc(20)
    function* list() {
      for (let i = 1; i <= 3; i++) yield buffer.fill(i)
    }
    const results = await settled(scrape(tracker.url, list()))
    assert.deepEqual(
      results.map(({ infoHash }) => infoHash.slice(0, 2)),
      ['01', '02', '03']
    )
  })
})

describe('drain()', () => {
  test('resolves to 0 at once when no stopped is under way', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    createClient(t, tracker.url).announce('started')
    assert.equal(await settled(drain()), 0)
    assert.equal(await settled(drain({ timeout: 5 })), 0)
  })

  test('resolves to 0 when the last stopped is answered or has failed', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const clients = Array.from({ length: 3 }, () => createClient(t, tracker.url))
    let ended = 0
    for (const client of clients) {
      client.on('update', () => ended++)
      client.on('error', () => ended++)
      client.announce('stopped')
    }
    const drained = drain({ timeout: 1000 }).then((left) => [left, ended])
    for (let i = 0; i < 3; i++) {
      const request = await tracker.nextAnnounce()
      const answer = i === 1 ? wire.errorResponse(request, 'no') : wire.announceResponse(request)
      await tracker.send(answer, request)
    }
    assert.deepEqual(await settled(drained), [0, 3])
    assert.equal(clock.count(), 0)
  })

  test('waits for the promises as well, and not for what was cancelled', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const destroyed = createClient(t, tracker.url)
    destroyed.announce('stopped')
    const promised = announce(tracker.url, { ...REQUEST, event: 3 })
    const drained = drain({ timeout: 1000 })
    destroyed.destroy()
    await tracker.nextAnnounce()
    for (const one of tracker.announces) await tracker.send(wire.announceResponse(one), one)
    await settled(promised)
    assert.equal(await settled(drained), 0)
  })

  test('resolves to how many are left when time is up', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const clients = Array.from({ length: 3 }, () => createClient(t, tracker.url))
    for (const client of clients) client.announce('stopped')
    const drained = drain({ timeout: 1000 })
    clock.pass(999)
    const request = await tracker.nextAnnounce()
    const updated = Promise.race(
      clients.map((client) => new Promise((resolve) => client.once('update', resolve)))
    )
    await tracker.send(wire.announceResponse(request), request)
    await deadline(updated, 'no update')
    clock.pass(1)
    assert.equal(await settled(drained), 2)
  })

  test('refuses an invalid timeout', async () => {
    await assert.rejects(drain({ timeout: -1 }), { name: 'RangeError', message: /opts\.timeout/ })
    await assert.rejects(drain(5), { name: 'TypeError', message: /opts/ })
  })
})
