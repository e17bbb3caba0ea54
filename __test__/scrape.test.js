// tracker.scrape() and the static scrape(): what is asked in which datagrams, and what an answer's rows turn into.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { once } = require('node:events')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { UdpTracker, INFO_HASH, createClient, allDelivered } = require('./support/client.js')
const { deadline } = require('./support/deadline.js')
const wire = require('./support/wire.js')

const EMPTY_ANSWER = 'scrape response should be 8 bytes and 12 for each info-hash'

// Info-hashes that count: the first four bytes say which it is.
function manyHashes(count) {
  return Array.from({ length: count }, (_, index) => {
    return Buffer.concat([wire.uint32(index + 1), Buffer.alloc(16, 0xab)])
  })
}

// The numbers of a torrent follow from its info-hash, so a row that ends up at another torrent shows.
function rowOf(infoHash) {
  const number = infoHash.readUInt32BE(0)
  return { seeds: number, completed: (number ^ 0xffffffff) >>> 0, leechers: number >>> 1 }
}

function resultOf(infoHash) {
  return { infoHash: infoHash.toString('hex'), ...rowOf(infoHash) }
}

const answerRows = (request) => wire.scrapeResponse(request, request.infoHashes.map(rowOf))

function startTracker(t, script = { scrape: answerRows }) {
  return startScriptedTracker(t, script)
}

// What a client emits of a scrape: the results, or the error text as {text}.
async function scrapeWith(client, ...args) {
  const outcome = new Promise((resolve) => {
    client.once('scrape', resolve)
    client.once('error', (text) => resolve({ text }))
  })
  client.scrape(...args)
  return deadline(outcome, 'the client emitted neither scrape nor error')
}

describe('tracker.scrape()', () => {
  test('asks for its own torrent if it is given none', async (t) => {
    const tracker = await startTracker(t)
    const client = createClient(t, tracker.url)

    assert.deepEqual(await scrapeWith(client), [resultOf(INFO_HASH)])
    assert.equal(tracker.scrapes.length, 1)
    const [{ raw }] = tracker.scrapes
    assert.equal(raw.length, 36)
    assert.deepEqual(raw.subarray(0, 8), tracker.connectionIds[0], 'connection ID')
    assert.deepEqual(raw.subarray(8, 12), wire.uint32(2), 'action')
    assert.deepEqual(raw.subarray(16, 36), INFO_HASH, 'info-hash')
  })

  test('emits exactly infoHash, seeds, completed and leechers, in that order of keys', async (t) => {
    const tracker = await startTracker(t, {
      scrape: (request) => wire.scrapeResponse(request, [{ seeds: 1, completed: 2, leechers: 3 }])
    })

    const [result] = await scrapeWith(createClient(t, tracker.url))
    const infoHash = INFO_HASH.toString('hex')
    assert.deepEqual(result, { infoHash, seeds: 1, completed: 2, leechers: 3 })
    assert.deepEqual(Object.keys(result), ['infoHash', 'seeds', 'completed', 'leechers'])
  })

  test('emits neither update nor interval, and leaves an announce in flight alone', async (t) => {
    const tracker = await startTracker(t, { scrape: answerRows, announce: silent })
    const client = createClient(t, tracker.url)
    client.on('update', () => assert.fail('an update'))
    client.announce(2)
    const request = await tracker.nextAnnounce()
    await scrapeWith(client)
    assert.equal(client.interval, null)
    assert.notEqual(client._socket, null)

    client.removeAllListeners('update')
    const updated = once(client, 'update')
    await tracker.send(wire.announceResponse(request, { seeds: 7 }), request)
    assert.equal((await deadline(updated, 'no update'))[0].seeds, 7)
  })

  test('takes hex of either case, Buffers and Uint8Arrays, and gives hex in lower case', async (t) => {
    const tracker = await startTracker(t)
    const [hash] = manyHashes(1)
    const hex = hash.toString('hex')
    const given = [hex, hex.toUpperCase(), hash, new Uint8Array(hash)]

    assert.deepEqual(
      await scrapeWith(createClient(t, tracker.url), given),
      Array(4).fill(resultOf(hash))
    )
    assert.deepEqual(tracker.scrapes[0].infoHashes, Array(4).fill(hash))
  })

  test('an empty list is answered with [] and sends nothing, and not in the same tick', async (t) => {
    const tracker = await startTracker(t)
    const client = createClient(t, tracker.url)
    let emitted = false
    client.once('scrape', () => (emitted = true))
    const scraped = once(client, 'scrape')
    client.scrape([])
    assert.equal(emitted, false)

    assert.deepEqual(await deadline(scraped, 'no scrape'), [[]])
    await allDelivered(t)
    assert.equal(tracker.requests.length, 0)
  })

  test('a wrong info-hash throws, is named by its index, and nothing is sent', async (t) => {
    const tracker = await startTracker(t)
    const client = createClient(t, tracker.url)
    const [good] = manyHashes(1)
    for (const [bad, words] of [
      [Buffer.alloc(19), 'must be 20 bytes long, or the 32 of BEP 52, got 19'],
      [Buffer.alloc(21), 'must be 20 bytes long, or the 32 of BEP 52, got 21'],
      ['abcd', "is not 40 digits of hex, nor the 64 of BEP 52: got 'abcd', 4 characters"],
      ['', "is not 40 digits of hex, nor the 64 of BEP 52: got '', 0 characters"]
    ]) {
      const error = { name: 'RangeError', message: `infoHashes[2] ${words}` }
      assert.throws(() => client.scrape([good, good, bad]), error)
      await assert.rejects(UdpTracker.scrape(tracker.url, [good, good, bad]), error)
    }
    for (const bad of [null, 7, {}]) {
      const error = { name: 'TypeError', message: /^infoHashes\[1\] / }
      assert.throws(() => client.scrape([good, bad]), error)
      await assert.rejects(UdpTracker.scrape(tracker.url, [good, bad]), error)
    }
    await allDelivered(t)
    assert.equal(tracker.requests.length, 0)
  })

  test('anything but a list of info-hashes is a TypeError, for the event a single info-hash, too', async (t) => {
    const tracker = await startTracker(t)
    const client = createClient(t, tracker.url)
    const error = { name: 'TypeError', message: /^infoHashes must be an array/ }
    const single = ['a'.repeat(40), INFO_HASH, new Uint8Array(20)]
    for (const given of [null, 7, {}, true, ...single]) {
      assert.throws(() => client.scrape(given), error)
      if (!single.includes(given))
        await assert.rejects(UdpTracker.scrape(tracker.url, given), error)
    }
    await assert.rejects(UdpTracker.scrape(tracker.url), { name: 'TypeError' })
    await allDelivered(t)
    assert.equal(tracker.requests.length, 0)
  })

  test('the promise takes a single info-hash', async (t) => {
    const tracker = await startTracker(t)
    for (const given of [INFO_HASH, new Uint8Array(INFO_HASH), INFO_HASH.toString('hex')]) {
      const rows = await UdpTracker.scrape(tracker.url, given)
      assert.deepEqual(
        rows.map(({ infoHash }) => infoHash),
        [INFO_HASH.toString('hex')]
      )
    }
    await assert.rejects(UdpTracker.scrape(tracker.url, 'abcd'), RangeError)
    await assert.rejects(UdpTracker.scrape(tracker.url, Buffer.alloc(19)), RangeError)
  })

  test("the tracker's own words are the error, without a trailing NUL", async (t) => {
    const tracker = await startTracker(t, {
      scrape: (request) => wire.errorResponse(request, 'scrape is off\0')
    })

    assert.deepEqual(await scrapeWith(createClient(t, tracker.url)), { text: 'scrape is off' })
  })

  test('several at once are answered each', async (t) => {
    const tracker = await startTracker(t)
    const client = createClient(t, tracker.url)
    const results = []
    const both = new Promise((resolve) => {
      client.on('scrape', (result) => results.push(result) === 2 && resolve())
    })
    const [one, two] = manyHashes(2)
    client.scrape([one])
    client.scrape([two])

    await deadline(both, 'two scrapes')
    results.sort(([a], [b]) => a.seeds - b.seeds)
    assert.deepEqual(results, [[resultOf(one)], [resultOf(two)]])
  })

  test('destroy ends it: nothing is emitted, and nothing more is sent', async (t) => {
    const tracker = await startTracker(t, { scrape: silent })
    const client = createClient(t, tracker.url, { _timeout: 100 })
    client.on('scrape', () => assert.fail('a scrape')).on('error', assert.fail)
    client.scrape()
    const request = await tracker.nextScrape()
    client.destroy()
    await tracker.send(answerRows(request), request)
    await allDelivered(t)
    const { length } = tracker.requests

    // A control with the same wait: by its second send, ours would have sent again too.
    const control = createClient(t, tracker.url, { _timeout: 150 })
    control.scrape(manyHashes(2))
    await tracker.nextScrape()
    await tracker.nextScrape()
    const ours = tracker.requests.slice(length).filter(({ raw }) => raw.length === 36)
    assert.deepEqual(ours, [])
    client.scrape()
    assert.equal(client._scrapes.size, 0)
  })

  test('destroy in the tick of an empty one emits nothing', async (t) => {
    const client = createClient(t, 'udp://127.0.0.1:1')
    client.on('scrape', () => assert.fail('a scrape'))
    client.scrape([])
    client.destroy()
    await allDelivered(t)
  })
})

describe('an answer to a scrape', () => {
  for (const limit of [1, 2, 3]) {
    test(`of ${limit} rows means that the rest is asked again`, async (t) => {
      const tracker = await startTracker(t, {
        scrape: (request) => {
          return wire.scrapeResponse(request, request.infoHashes.slice(0, limit).map(rowOf))
        }
      })
      const hashes = manyHashes(7)

      assert.deepEqual(await scrapeWith(createClient(t, tracker.url), hashes), hashes.map(resultOf))
      const asked = tracker.scrapes.map(({ infoHashes }) => infoHashes.length)
      assert.equal(asked[0], 7)
      assert.equal(tracker.scrapes.length, Math.ceil(7 / limit), `asked ${asked}`)
    })
  }

  test('with more rows than asked for is read as far as asked', async (t) => {
    const tracker = await startTracker(t, {
      scrape: (request) => {
        const extra = Array(5).fill({ seeds: 99, completed: 99, leechers: 99 })
        return wire.scrapeResponse(request, [...request.infoHashes.map(rowOf), ...extra])
      }
    })
    const hashes = manyHashes(3)

    assert.deepEqual(await scrapeWith(createClient(t, tracker.url), hashes), hashes.map(resultOf))
    assert.equal(tracker.scrapes.length, 1)
  })

  for (let stray = 1; stray <= 11; stray++) {
    test(`with ${stray} stray bytes behind its rows is read without them`, async (t) => {
      const tracker = await startTracker(t, {
        scrape: (request) => Buffer.concat([answerRows(request), Buffer.alloc(stray, 0xff)])
      })
      const hashes = manyHashes(2)

      assert.deepEqual(await scrapeWith(createClient(t, tracker.url), hashes), hashes.map(resultOf))
      assert.equal(tracker.scrapes.length, 1)
    })
  }

  for (const length of [0, 1, 11]) {
    test(`with no row, but ${length} bytes, is an error`, async (t) => {
      const tracker = await startTracker(t, {
        scrape: (request) => Buffer.concat([wire.scrapeResponse(request, []), Buffer.alloc(length)])
      })

      assert.deepEqual(await scrapeWith(createClient(t, tracker.url)), { text: EMPTY_ANSWER })
      await allDelivered(t)
      assert.equal(tracker.scrapes.length, 1)
    })
  }
})

describe('the static scrape()', () => {
  test('asks for 60 a datagram and keeps the order, whatever the order of the answers', async (t) => {
    const held = []
    const tracker = await startTracker(t, {
      scrape: (request, tracker) => {
        // Answers go in pairs, the later first, and the last request is a pair of its own.
        held.push(request)
        if (held.length < 2 && request.infoHashes.length === 60) return
        for (const late of held.splice(0).reverse()) tracker.send(answerRows(late), late)
      }
    })
    const hashes = manyHashes(2 * 60 + 3)
    const progress = []
    const onProgress = (now) => progress.push(now)

    const results = await UdpTracker.scrape(tracker.url, hashes, { onProgress, timeout: 60_000 })
    assert.deepEqual(results, hashes.map(resultOf))
    assert.deepEqual(tracker.scrapes.map(({ raw }) => raw.length).sort(), [1216, 1216, 76])
    const { length } = hashes
    assert.equal(progress.length, 3)
    assert.deepEqual(progress.at(-1), { done: length, total: length })
    for (const [index, { done, total }] of progress.entries()) {
      assert.ok(index === 0 || done > progress[index - 1].done, `${done} after ${index}`)
      assert.equal(total, length)
    }
  })

  test('answers a duplicate as often as it was asked for', async (t) => {
    const tracker = await startTracker(t)
    const [a, b] = manyHashes(2)
    const given = [...Array(80).fill(a), b, ...Array(80).fill(a)]

    assert.deepEqual(await UdpTracker.scrape(tracker.url, given), given.map(resultOf))
  })

  test('gets 1,000 results from a tracker that answers 7 at a time', async (t) => {
    const tracker = await startTracker(t, {
      scrape: (request) => wire.scrapeResponse(request, request.infoHashes.slice(0, 7).map(rowOf))
    })
    const hashes = manyHashes(1000)

    assert.deepEqual(await UdpTracker.scrape(tracker.url, hashes), hashes.map(resultOf))
  })

  test('resolves to [] for an empty list and sends nothing, even with a URL that cannot be used', async () => {
    assert.deepEqual(await UdpTracker.scrape('udp://127.0.0.1:1', []), [])
  })

  test('takes any iterable, a Set for one', async (t) => {
    const tracker = await startTracker(t)
    const hashes = manyHashes(3)

    assert.deepEqual(await UdpTracker.scrape(tracker.url, new Set(hashes)), hashes.map(resultOf))
  })

  test('onProgress that is not a function is a TypeError', async () => {
    await assert.rejects(UdpTracker.scrape('udp://127.0.0.1:1', [INFO_HASH], { onProgress: 1 }), {
      name: 'TypeError',
      message: /onProgress/
    })
  })
})
