// Scrapes by the Client of bittorrent-udp-tracker/bittorrent-tracker.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const wire = require('./support/wire.js')
const entry = require('../lib/bittorrent-tracker/index.js')
const {
  INFO_HASH,
  URL,
  create,
  hash,
  heard,
  scrape,
  seedsByHash
} = require('./support/bittorrent-tracker.js')

const { Client } = entry

describe('a scrape', () => {
  test('of one torrent, static, calls back with its numbers', async (t) => {
    const { url } = await startScriptedTracker(t, seedsByHash)
    const { error, results } = await scrape({ announce: url, infoHash: hash(7) })
    assert.equal(error, null)
    assert.deepEqual(results, {
      announce: url,
      infoHash: hash(7),
      complete: 7,
      downloaded: 0,
      incomplete: 0
    })
  })

  test('of several, static, calls back with the numbers of each under the hash that was asked for', async (t) => {
    const { url } = await startScriptedTracker(t, seedsByHash)
    const infoHash = [hash(10), hash(11).replace('b', 'B'), Buffer.from(hash(12), 'hex')]
    const { results } = await scrape({ announce: url, infoHash })
    const names = [hash(10), hash(11).replace('b', 'B'), hash(12)]
    assert.deepEqual(Object.keys(results), names)
    assert.deepEqual(
      names.map((name) => results[name].complete),
      [10, 11, 12]
    )
  })

  test('of a hybrid torrent has all 64 digits that were asked for as its key', async (t) => {
    const { url } = await startScriptedTracker(t, seedsByHash)
    const infoHash = `${hash(9)}${'ef'.repeat(12)}`
    const { results } = await scrape({ announce: url, infoHash })
    assert.deepEqual([results.infoHash, results.complete], [infoHash, 9])
  })

  test('of 500, static, calls back with 500', async (t) => {
    const { url } = await startScriptedTracker(t, seedsByHash)
    const infoHash = Array.from({ length: 500 }, (_, i) => hash(i + 1))
    const { results } = await scrape({ announce: url, infoHash })
    assert.deepEqual(
      infoHash.map((name) => results[name].complete),
      infoHash.map((_, i) => i + 1)
    )
  })

  test('that fails, static, calls back once with what went wrong', async (t) => {
    const { url } = await startScriptedTracker(t, {
      scrape: (request) => wire.errorResponse(request, 'no scrape here')
    })
    const { error, results } = await scrape({ announce: [url, 'http://x'], infoHash: hash(7) })
    assert.match(error.message, /^(no scrape here|Unsupported tracker protocol: http:\/\/x)$/)
    assert.equal(results, undefined)
  })

  test('static, names the option that is missing or wrong', () => {
    const never = () => assert.fail('called back')
    const missing = { message: 'Option `infoHash` is required' }
    assert.throws(() => Client.scrape({ announce: URL }, never), missing)
    const nowhere = { message: 'Option `announce` is required' }
    assert.throws(() => Client.scrape({ infoHash: INFO_HASH }, never), nowhere)
    const wrong = { message: /^infoHash is not 40 digits/ }
    assert.throws(() => Client.scrape({ announce: URL, infoHash: 'ab' }, never), wrong)
  })

  test('that fails in part emits the rest, and a warning', async (t) => {
    const { url } = await startScriptedTracker(t, {
      scrape: (request, tracker) => {
        // The second datagram is answered after the first one's answer.
        if (tracker.scrapes.length === 1) return seedsByHash.scrape(request)
        return wire.errorResponse(request, 'that is enough')
      }
    })
    const client = create(t, { announce: url })
    const rows = []
    client.on('scrape', (row) => rows.push(row.complete))
    const infoHash = Array.from({ length: 70 }, (_, i) => hash(i + 1))
    client.scrape({ infoHash })
    const { message } = await heard(client, 'warning')
    assert.equal(message, 'that is enough')
    assert.ok(rows.length === 60 || rows.length === 10, `${rows.length} rows`)
    assert.deepEqual(
      rows,
      [...rows].sort((a, b) => a - b)
    )
  })

  for (const [family, numbers] of [
    [6, 6],
    [4, 4],
    ['both', 4]
  ]) {
    test(`goes over family ${family}, as the options of the client say`, async (t) => {
      const by = (seeds) => ({
        scrape: (request) => wire.scrapeResponse(request, [{ seeds }])
      })
      const { port } = await startScriptedTracker(t, by(4))
      await startScriptedTracker(t, { ...by(6), family: 6, port })
      const transport = { lookup: () => ['127.0.0.1', '::1'] }
      const client = create(t, { announce: `udp://both.test:${port}`, family, transport })
      client.scrape()
      assert.equal((await heard(client, 'scrape')).complete, numbers)
    })
  }
})
