// The promise-based half of the API: what announce and scrape resolve to and reject with, and the counters of stats().
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const dgram = require('node:dgram')
const { once } = require('node:events')
const { setImmediate: nextTurn } = require('node:timers/promises')
const { isDeepStrictEqual } = require('node:util')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const {
  UdpTracker,
  INFO_HASH,
  PEER_ID,
  createClient,
  allDelivered,
  rejection,
  REQUEST
} = require('./support/client.js')
const { deadline } = require('./support/deadline.js')
const wire = require('./support/wire.js')

const { announce, scrape, stats } = UdpTracker

// Both calls, for what holds of both.
const CALLS = {
  announce: (url, opts) => announce(url, { ...REQUEST, ...opts }),
  scrape: (url, opts) => scrape(url, [INFO_HASH], opts)
}

describe('announce()', () => {
  test('resolves to exactly interval, leechers, seeds and peers', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => {
        const peers = ['1.2.3.4:5678', '5.6.7.8:9']
        return wire.announceResponse(request, { interval: 900, leechers: 3, seeds: 4, peers })
      }
    })

    const result = await announce(tracker.url, REQUEST)
    const peers = ['1.2.3.4:5678', '5.6.7.8:9']
    assert.deepEqual(result, { interval: 900, leechers: 3, seeds: 4, peers })
    assert.deepEqual(Object.keys(result), ['interval', 'leechers', 'seeds', 'peers'])
  })

  test('sends every option, and the defaults where there is none', async (t) => {
    const tracker = await startScriptedTracker(t)
    await announce(tracker.url, REQUEST)
    await announce(tracker.url, {
      peerId: PEER_ID.toString(),
      infoHash: INFO_HASH.toString('hex'),
      port: 6881,
      event: 'completed',
      downloaded: 1,
      left: 2n ** 64n - 1n,
      uploaded: 3,
      numWant: -1,
      key: 5,
      ip: '1.2.3.4'
    })

    const [first, second] = tracker.announces.map(({ raw }) => raw.subarray(56).toString('hex'))
    const none = '0'.repeat(16)
    const unknown = 'f'.repeat(16)
    assert.equal(first, `${none}${unknown}${none}00000000000000000000000000000032` + '1ae1')
    assert.equal(
      second,
      '0000000000000001ffffffffffffffff0000000000000003' + '000000010102030400000005ffffffff1ae1'
    )
    assert.deepEqual(tracker.announces[1].peerId, PEER_ID)
    assert.deepEqual(tracker.announces[1].infoHash, INFO_HASH)
  })

  for (const left of [undefined, null, Infinity]) {
    test(`says that what is left is not known where it is ${left}`, async (t) => {
      const tracker = await startScriptedTracker(t)
      await announce(tracker.url, { ...REQUEST, left })
      await announce(tracker.url, { ...REQUEST, left: 0 })
      assert.deepEqual(
        tracker.announces.map(({ left }) => left),
        [2n ** 64n - 1n, 0n]
      )
    })
  }

  test('announces once: no interval runs behind it', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => wire.announceResponse(request, { interval: 0 })
    })
    await announce(tracker.url, REQUEST)
    await announce(tracker.url, REQUEST)
    assert.equal(tracker.announces.length, 2)
  })

  test('many at once are all answered, each with its own', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => wire.announceResponse(request, { seeds: request.port })
    })
    const ports = Array.from({ length: 500 }, (_, index) => index)

    const results = await Promise.all(
      ports.map((port) => announce(tracker.url, { ...REQUEST, port }))
    )
    assert.deepEqual(
      results.map(({ seeds }) => seeds),
      ports
    )
    assert.equal(tracker.connects.length, 1)
  })
})

describe('bad arguments reject and do not throw:', () => {
  const url = 'udp://127.0.0.1:1'
  for (const [opts, error] of [
    [{ peerId: Buffer.alloc(19) }, { name: 'RangeError', message: /^peerId .* got 19$/ }],
    [{ peerId: undefined }, { name: 'TypeError', message: /^peerId / }],
    [
      { infoHash: 'abcd' },
      { name: 'RangeError', message: /^infoHash is not 40 .* got 'abcd', 4 char/ }
    ],
    [{ port: undefined }, { name: 'TypeError', message: /^opts\.port must be given: / }],
    [{ port: null }, { name: 'TypeError', message: /^opts\.port must be given: / }],
    [{ port: '' }, { name: 'TypeError', message: /^opts\.port must be given: / }],
    [{ infoHash: 5 }, { name: 'TypeError', message: /^infoHash / }],
    [{ port: 65536 }, { name: 'RangeError', message: /port/ }],
    [{ event: 'begun' }, { name: 'RangeError', message: /^unknown event: got 'begun', .*paused/ }],
    [{ event: 5 }, { name: 'RangeError', message: /^unknown event: got 5, .*0 to 4/ }],
    [{ left: -1 }, { name: 'RangeError', message: /left/ }],
    [{ uploaded: 2n ** 64n }, { name: 'RangeError', message: /uploaded/ }],
    [{ numWant: 2 ** 31 }, { name: 'RangeError', message: /numWant/ }],
    [{ family: 5 }, { name: 'RangeError', message: /family/ }],
    [{ timeout: -1 }, { name: 'RangeError', message: /timeout/ }],
    [{ timeout: Infinity }, { name: 'RangeError', message: /timeout.* got Infinity: .*24 days/ }],
    [{ timeout: 0 }, { name: 'RangeError', message: /timeout.* got 0: leave it out/ }],
    [{ timeout: {} }, { name: 'TypeError', message: /timeout/ }],
    [{ signal: {} }, { name: 'TypeError', message: /signal/ }]
  ]) {
    test(`announce with ${Object.keys(opts)[0]} ${error.name}`, async () => {
      await assert.rejects(CALLS.announce(url, opts), error)
    })
    if ('timeout' in opts || 'signal' in opts || 'family' in opts) {
      test(`scrape with ${Object.keys(opts)[0]} ${error.name}`, async () => {
        await assert.rejects(CALLS.scrape(url, opts), error)
      })
    }
  }

  for (const [name, nearest] of [
    ['numwant', 'numWant'],
    ['numwnat', 'numWant'],
    ['infohash', 'infoHash'],
    ['upload', 'uploaded']
  ]) {
    test(`announce with ${name}, which is unknown, names ${nearest}`, async () => {
      await assert.rejects(CALLS.announce(url, { [name]: 1 }), {
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_VALUE',
        message: `opts.${name} is unknown: did you mean ${nearest}?`
      })
    })
  }

  test('an option that is like no other is unknown', async () => {
    const error = { name: 'TypeError', message: 'opts.colour is unknown' }
    await assert.rejects(CALLS.announce(url, { colour: 1 }), error)
    await assert.rejects(CALLS.scrape(url, { colour: 1 }), error)
    await assert.rejects(UdpTracker.drain({ colour: 1 }), error)
    await assert.rejects(CALLS.scrape(url, { numWant: 1 }), { message: 'opts.numWant is unknown' })
  })

  test('announce without options', async () => {
    await assert.rejects(announce(url), { name: 'TypeError', message: /^peerId / })
    await assert.rejects(announce(url, 5), { name: 'TypeError', message: /^opts / })
  })
})

for (const [name, call] of Object.entries(CALLS)) {
  describe(`${name}() is rejected with`, () => {
    test("TRACKER_ERROR and the tracker's own words", async (t) => {
      const tracker = await startScriptedTracker(t, {
        [name]: (request) => wire.errorResponse(request, 'not on my list')
      })
      const { code, message } = await rejection(call(tracker.url))
      assert.deepEqual({ code, message }, { code: 'TRACKER_ERROR', message: 'not on my list' })
    })

    test('BAD_RESPONSE for a malformed answer', async (t) => {
      const tracker = await startScriptedTracker(t, {
        [name]: (request) => wire.uint32(9, request.transactionId)
      })
      const { code, message } = await rejection(call(tracker.url))
      assert.deepEqual({ code, message }, { code: 'BAD_RESPONSE', message: 'unsupported event:9' })
    })

    for (const phase of ['connect', name]) {
      test(`TIMEOUT when ${phase} gets no answer`, async (t) => {
        const tracker = await startScriptedTracker(t, { [phase]: silent })
        const error = await rejection(call(tracker.url, { timeout: 500 }))
        assert.equal(error.code, 'TIMEOUT')
        assert.equal(error.message, 'tracker is not responding after:500')
        assert.deepEqual([error.phase, error.address], [phase, tracker.url.slice('udp://'.length)])
      })
    }

    test('TIMEOUT when the look-up takes too long', async () => {
      const transport = { lookup: () => new Promise(() => {}) }
      const error = await rejection(call('udp://host.example:80', { timeout: 60, transport }))
      assert.equal(error.message, 'tracker is not responding after:60')
      assert.deepEqual([error.code, error.phase, error.address], ['TIMEOUT', 'lookup', undefined])
    })

    test('TIMEOUT when the round trip takes longer, and the late answer is dropped', async (t) => {
      const tracker = await startScriptedTracker(t, { [name]: silent })
      const find = () => tracker.requests.find(({ kind }) => kind === name)
      // On a busy machine the connect alone may take as long; the next one finds its answer.
      for (let times = 0; times === 0 || !find(); times++) {
        const { code } = await rejection(call(tracker.url, { timeout: 50 }))
        assert.equal(code, 'TIMEOUT')
        await allDelivered(t)
      }
      const request = find()
      const { length } = tracker.requests
      const answer =
        name === 'announce'
          ? wire.announceResponse(request)
          : wire.scrapeResponse(request, [{ seeds: 1 }])
      await tracker.send(answer, request)
      await allDelivered(t)
      assert.equal(tracker.requests.length, length)
    })

    test('DNS for a host that has no address', async () => {
      const { code, message } = await rejection(call('udp://no-such-host.invalid:6969'))
      assert.equal(code, 'DNS')
      assert.match(message, /no-such-host\.invalid/)
    })

    test('DNS for a host without an address of the family asked for', async () => {
      const { code, message } = await rejection(call('udp://127.0.0.1:6969', { family: 6 }))
      assert.equal(code, 'DNS')
      assert.match(message, /127\.0\.0\.1/)
    })

    for (const url of [
      'http://127.0.0.1:6969',
      'udp://127.0.0.1:0',
      'udp://',
      '',
      null,
      undefined
    ]) {
      test(`BAD_URL for ${JSON.stringify(url)}`, async () => {
        const { code, message } = await rejection(call(url))
        assert.equal(code, 'BAD_URL')
        assert.ok(message.includes(String(url)), message)
      })
    }

    test('the reason of a signal aborted before, and nothing is sent', async (t) => {
      const tracker = await startScriptedTracker(t)
      const reason = new Error('before')
      await assert.rejects(call(tracker.url, { signal: AbortSignal.abort(reason) }), reason)
      await assert.rejects(call(tracker.url, { signal: AbortSignal.abort('text') }), (thrown) => {
        return thrown === 'text'
      })
      await assert.rejects(call(tracker.url, { signal: AbortSignal.abort() }), {
        name: 'AbortError'
      })
      await allDelivered(t)
      assert.equal(tracker.requests.length, 0)
    })

    for (const phase of ['connect', name]) {
      test(`the reason of a signal aborted during ${phase}`, async (t) => {
        const tracker = await startScriptedTracker(t, { [phase]: silent })
        const controller = new AbortController()
        const reason = new Error('during')
        const failed = assert.rejects(
          call(tracker.url, { signal: controller.signal, _timeout: 10_000 }),
          (thrown) => thrown === reason
        )
        await tracker.next(phase)
        await allDelivered(t) // the engine has counted it by then
        const { pending } = stats()
        controller.abort(reason)
        await deadline(failed, 'the abort did not reject')
        await allDelivered(t)
        assert.ok(stats().pending < pending, `${stats().pending} of ${pending} pending`)
      })
    }

    test('nothing when the signal is aborted after the answer', async (t) => {
      const tracker = await startScriptedTracker(t)
      const controller = new AbortController()
      const result = await call(tracker.url, { signal: controller.signal })
      controller.abort()
      assert.ok(result)
    })
  })
}

describe('events.once()', () => {
  test("of 'update' and of 'scrape' resolves with what is emitted", async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url)
    client.announce('started')
    const [update] = await deadline(once(client, 'update'), 'no update')
    assert.deepEqual(update, { leechers: 0, seeds: 0, peers: [] })
    client.scrape()
    const [[row]] = await deadline(once(client, 'scrape'), 'no scrape')
    assert.equal(row.infoHash, INFO_HASH.toString('hex'))
  })

  test("of 'update' rejects with the text of an error", async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => wire.errorResponse(request, 'no')
    })
    const client = createClient(t, tracker.url)
    client.announce('started')
    await assert.rejects(deadline(once(client, 'update'), 'no error'), (text) => text === 'no')
  })
})

describe('stats()', () => {
  // What the counters named in `expected` gain by `action`. The engine makes them readable at the end of its turn, which
  // may be a moment after the answer is here.
  async function assertGain(action, expected) {
    const before = stats()
    await action()
    const gained = () => {
      const after = stats()
      return Object.fromEntries(Object.keys(expected).map((key) => [key, after[key] - before[key]]))
    }
    const until = performance.now() + 5000
    while (!isDeepStrictEqual(gained(), expected) && performance.now() < until) await nextTurn()
    assert.deepEqual(gained(), expected)
  }

  test('counts an announce to a new tracker', async (t) => {
    const tracker = await startScriptedTracker(t)
    await assertGain(() => announce(tracker.url, REQUEST), {
      pending: 0,
      requests: 1,
      sent: 2,
      connects: 1,
      retransmissions: 0,
      received: 2,
      answered: 1,
      failed: 0,
      sendErrors: 0,
      receiveErrors: 0
    })
  })

  test('counts a failure behind a repeated datagram', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request, { announces }) => {
        return announces.length > 1 ? wire.errorResponse(request, 'no') : undefined
      }
    })
    const fail = () => rejection(CALLS.announce(tracker.url, { _timeout: 100 }))
    await assertGain(fail, { requests: 1, answered: 0, failed: 1, sent: 3, retransmissions: 1 })
  })

  test('counts a scrape of 141 torrents as three requests', async (t) => {
    const tracker = await startScriptedTracker(t)
    const ask = () => scrape(tracker.url, Array(141).fill(INFO_HASH))
    await assertGain(ask, { requests: 3, answered: 3, failed: 0, sent: 4, connects: 1 })
  })

  test('counts datagrams from addresses that nothing was sent to', async (t) => {
    const tracker = await startScriptedTracker(t)
    await announce(tracker.url, REQUEST)
    const [request] = tracker.announces
    const stranger = dgram.createSocket('udp4')
    t.after(() => stranger.close())
    const intrude = () => {
      return new Promise((resolve) => {
        stranger.send('hello', request.from.port, '127.0.0.1', resolve)
      })
    }
    await assertGain(intrude, { received: 1, droppedUnknown: 1 })
  })
})
