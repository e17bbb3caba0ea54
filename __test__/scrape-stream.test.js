// scrape.stream(): rows in order from any source, no more at a time than is taken, and what a failure leaves.
'use strict'

const clock = require('./support/limit-clock.js')
const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { getEventListeners } = require('node:events')
const { setImmediate: nextTurn } = require('node:timers/promises')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { UdpTracker, INFO_HASH, allDelivered } = require('./support/client.js')
const wire = require('./support/wire.js')

const { stream } = UdpTracker.scrape
const A_DATAGRAM = 60
// What the stream holds at most.
const HELD = 20_000

const hash = (index) => index.toString(16).padStart(40, '0')
const hashes = (count) => Array.from({ length: count }, (_, index) => hash(index))

// Each row says which info-hash it is about.
const counting = {
  scrape: (request) =>
    wire.scrapeResponse(
      request,
      request.infoHashes.map((bytes) => ({ seeds: bytes.readUInt32BE(16) }))
    )
}

async function all(rows) {
  const found = []
  for await (const some of rows) found.push(...some)
  return found
}

// The rows that came before it failed, and the error.
async function untilFailure(rows) {
  const found = []
  try {
    for await (const some of rows) found.push(...some)
  } catch (error) {
    return { found, error }
  }
  assert.fail('it did not fail')
}

function assertRows(rows, count, first = 0) {
  assert.equal(rows.length, count)
  rows.forEach(({ infoHash, seeds, completed, leechers }, index) => {
    const expected = [hash(first + index), first + index, 0, 0]
    assert.deepEqual([infoHash, seeds, completed, leechers], expected)
  })
}

describe('the source', () => {
  const COUNT = 5000
  const sources = {
    'an array': () => hashes(COUNT),
    'a Set': () => new Set(hashes(COUNT)),
    'a generator that uses one buffer': function* () {
      const buffer = Buffer.alloc(20)
      for (let i = 0; i < COUNT; i++) {
        buffer.writeUInt32BE(i, 16)
        yield buffer
      }
    },
    'an async generator': async function* () {
      for (let i = 0; i < COUNT; i++) {
        if (i % 500 === 0) await nextTurn()
        yield hash(i)
      }
    },
    'a ReadableStream': () => require('node:stream').Readable.from(hashes(COUNT))
  }
  for (const [what, make] of Object.entries(sources)) {
    test(`may be ${what}: the rows are in its order`, async (t) => {
      const tracker = await startScriptedTracker(t, counting)
      assertRows(await all(stream(tracker.url, make())), COUNT)
      assert.equal(clock.count(), 0)
    })
  }

  test('may be one info-hash, or none', async (t) => {
    const tracker = await startScriptedTracker(t)
    for (const one of [INFO_HASH, INFO_HASH.toString('hex')]) {
      assert.equal((await all(stream(tracker.url, one))).length, 1)
    }
    assert.deepEqual(await all(stream(tracker.url, [])), [])
  })

  test('that is slow has its rows before it has given the next', async (t) => {
    const tracker = await startScriptedTracker(t, counting)
    let give
    async function* source() {
      for (let i = 0; i < 3; i++) {
        yield hash(i)
        await new Promise((resolve) => (give = resolve))
      }
    }
    const rows = stream(tracker.url, source())
    for (let i = 0; i < 3; i++) {
      const next = rows.next()
      // The wait for more of the source is a timer of the package's.
      while (clock.count() === 0) await nextTurn()
      clock.pass(5)
      assertRows((await next).value, 1, i)
      give()
    }
    assert.equal((await rows.next()).done, true)
  })

  test('has the rows of a datagram while later ones are under way', async (t) => {
    const tracker = await startScriptedTracker(t, { scrape: silent })
    const rows = stream(tracker.url, hashes(3 * A_DATAGRAM))
    const next = rows.next()
    const requests = []
    while (requests.length < 3) requests.push(await tracker.nextScrape())
    const of = (number) =>
      requests.find(({ infoHashes }) => infoHashes[0].readUInt32BE(16) === number * A_DATAGRAM)
    await tracker.send(counting.scrape(of(0)), of(0))
    assertRows((await next).value, A_DATAGRAM)
    for (const number of [2, 1]) await tracker.send(counting.scrape(of(number)), of(number))
    assertRows(await all(rows), 2 * A_DATAGRAM, A_DATAGRAM)
    assert.equal(clock.count(), 0)
  })

  test('is read no further than rows are taken', async (t) => {
    const tracker = await startScriptedTracker(t, counting)
    let read = 0
    let isReturned = false
    function* endless() {
      try {
        for (;;) yield hash(read++)
      } finally {
        isReturned = true
      }
    }
    let taken = 0
    for await (const rows of stream(tracker.url, endless())) {
      assertRows(rows, rows.length, taken)
      taken += rows.length
      await allDelivered(t)
      assert.ok(read - taken <= HELD, `${read} read, ${taken} taken`)
      if (taken > 5 * HELD) break
    }
    assert.ok(isReturned, 'the source is told that it is over')
    const { length } = tracker.requests
    await allDelivered(t)
    assert.ok(tracker.requests.length - length <= 2)
    assert.equal(clock.count(), 0)
  })

  test('that throws, throws at its place', async (t) => {
    const tracker = await startScriptedTracker(t, counting)
    const own = new Error('own')
    function* source() {
      yield* hashes(1500)
      throw own
    }
    const { found, error } = await untilFailure(stream(tracker.url, source()))
    assertRows(found, 1500)
    assert.equal(error, own)
  })

  test('with an info-hash that cannot be one throws at its place, and names it', async (t) => {
    const tracker = await startScriptedTracker(t, counting)
    const source = [...hashes(1500), 'abcd', ...hashes(10)]
    const { found, error } = await untilFailure(stream(tracker.url, source))
    assertRows(found, 1500)
    assert.equal(error.name, 'RangeError')
    assert.match(error.message, /^infoHashes\[1500\] is not 40 digits/)
  })

  test('has to be an iterable', () => {
    for (const given of [undefined, null, 5, {}, () => {}]) {
      const error = { name: 'TypeError', message: /^infoHashes must be an iterable/ }
      assert.throws(() => stream('udp://127.0.0.1', given), error)
    }
  })
})

describe('a failure', () => {
  test('is thrown behind all that came in, in the order asked, and without what did not', async (t) => {
    // The datagram with the 1,300th is refused when all others have been answered.
    let refused = null
    const tracker = await startScriptedTracker(t)
    tracker.script.scrape = (request, self) => {
      const isBad = request.infoHashes.some((bytes) => bytes.readUInt32BE(16) === 1300)
      if (isBad) refused = request
      const answers = isBad ? [] : [counting.scrape(request)]
      if (self.scrapes.length === 3000 / A_DATAGRAM)
        self.send(wire.errorResponse(refused, 'enough'), refused)
      return answers
    }
    const { found, error } = await untilFailure(stream(tracker.url, hashes(3000)))
    assertRows(found.slice(0, 1260), 1260)
    const behind = found.slice(1260).map(({ seeds }) => seeds)
    assert.ok(behind.length > 1000, String(behind.length))
    assert.ok(behind.every((seeds, i) => seeds >= 1320 && (i === 0 || seeds > behind[i - 1])))
    assert.ok(error instanceof UdpTracker.TrackerError)
    assert.deepEqual(
      [error.code, error.message, error.url, error.results],
      ['TRACKER_ERROR', 'enough', tracker.url, []]
    )
    assert.equal(clock.count(), 0)
  })

  test('is a time without results that is too long', async (t) => {
    const tracker = await startScriptedTracker(t, { scrape: silent })
    const failed = untilFailure(stream(tracker.url, [INFO_HASH], { timeout: 1000 }))
    await tracker.nextScrape()
    clock.pass(999)
    assert.equal(clock.count(), 1)
    clock.pass(1)
    const { error } = await failed
    assert.deepEqual(
      [error.code, error.message, error.phase, error.results],
      ['TIMEOUT', 'tracker is not responding after:1000', 'scrape', []]
    )
  })

  test('is no reader that takes its time', async (t) => {
    const tracker = await startScriptedTracker(t, counting)
    const rows = stream(tracker.url, hashes(3000), { timeout: 1000 })
    let { value } = await rows.next()
    while (clock.count() > 0) await allDelivered(t)
    clock.pass(100_000)
    let taken = value.length
    for await (value of rows) taken += value.length
    assert.equal(taken, 3000)
  })
})

describe('the options', () => {
  test('that are wrong throw at once', () => {
    const made = (opts) => () => stream('udp://127.0.0.1', [INFO_HASH], opts)
    assert.throws(made({ timeout: 0 }), RangeError)
    assert.throws(made({ signal: {} }), TypeError)
    assert.throws(made({ onProgress: 5 }), TypeError)
    assert.throws(made({ family: 'both' }), RangeError)
    assert.throws(made({ timeOut: 1 }), {
      message: 'opts.timeOut is unknown: did you mean timeout?'
    })
    assert.throws(made(5), TypeError)
  })

  test('onProgress hears how many rows there are, taken or not', async (t) => {
    const tracker = await startScriptedTracker(t, counting)
    const heard = []
    const onProgress = (progress) => heard.push(progress)
    assertRows(await all(stream(tracker.url, hashes(3000), { onProgress })), 3000)
    assert.equal(heard.length, 3000 / A_DATAGRAM)
    assert.deepEqual(
      heard,
      heard.map((_, i) => ({ done: (i + 1) * A_DATAGRAM }))
    )
  })

  test('onProgress ends it with what it throws, behind what came in', async (t) => {
    const tracker = await startScriptedTracker(t, counting)
    const own = new Error('own')
    const onProgress = ({ done }) => {
      if (done === 2 * A_DATAGRAM) throw own
    }
    const { found, error } = await untilFailure(stream(tracker.url, hashes(3000), { onProgress }))
    assert.equal(error, own)
    assert.equal(found.length, 2 * A_DATAGRAM)
    assert.equal(clock.count(), 0)
  })

  test('signal ends it behind what came in', async (t) => {
    const tracker = await startScriptedTracker(t, { scrape: silent })
    const controller = new AbortController()
    let done = 0
    const onProgress = (progress) => ({ done } = progress)
    const { signal } = controller
    const failed = untilFailure(stream(tracker.url, hashes(4 * A_DATAGRAM), { signal, onProgress }))
    const requests = []
    while (requests.length < 4) requests.push(await tracker.nextScrape())
    const of = (number) =>
      requests.find(({ infoHashes }) => infoHashes[0].readUInt32BE(16) === number * A_DATAGRAM)
    for (const number of [0, 2, 3]) await tracker.send(counting.scrape(of(number)), of(number))
    while (done < 3 * A_DATAGRAM) await nextTurn()
    controller.abort()
    const { found, error } = await failed
    assert.equal(error, signal.reason)
    assertRows(found.slice(0, A_DATAGRAM), A_DATAGRAM)
    assertRows(found.slice(A_DATAGRAM), 2 * A_DATAGRAM, 2 * A_DATAGRAM)
  })

  test('signal ends it with its reason', async (t) => {
    const tracker = await startScriptedTracker(t, { scrape: silent })
    const controller = new AbortController()
    const { signal } = controller
    const failed = untilFailure(stream(tracker.url, [INFO_HASH], { signal }))
    await tracker.nextScrape()
    const reason = new Error('enough')
    controller.abort(reason)
    assert.equal((await failed).error, reason)
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    assert.equal(clock.count(), 0)
    const { error } = await untilFailure(stream(tracker.url, [INFO_HASH], { signal }))
    assert.equal(error, reason)
    await allDelivered(t)
    assert.equal(tracker.scrapes.length, 1)
  })
})
