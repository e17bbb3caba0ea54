// Through a network that loses datagrams every request is answered, and with its own answer.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { infoHash, mismatch } = require('./support/numbered.js')
const { UdpTracker, PEER_ID } = require('./support/client.js')
const { deadline } = require('./support/deadline.js')
const { startRelay, total } = require('./support/relay.js')

const NEVER_AGAIN = 2 ** 31 - 1
const WITHIN_MS = 60_000
const PORT = 6881

async function start(t, settings) {
  const relay = await startRelay({ tracker: true, roundTrip: 20, ...settings })
  t.after(() => relay.stop())
  return relay
}

const hashes = (first, count) =>
  Array.from({ length: count }, (_, index) => infoHash(first + index, NEVER_AGAIN))

// An object for each; what was wrong with the outcomes.
function announceObjects(t, url, infoHashes) {
  const outcomes = infoHashes.map((hash) => {
    const client = new UdpTracker(PEER_ID, hash, url, { port: PORT })
    t.after(() => client.destroy())
    return new Promise((resolve) => {
      client.on('update', (update) => resolve(mismatch(hash, update)))
      client.on('error', resolve)
      client.announce('started')
    })
  })
  return withoutFaults(outcomes, `some of ${infoHashes.length} announces were not answered`)
}

function announcePromises(url, infoHashes) {
  const outcomes = infoHashes.map(async (hash) => {
    const options = { peerId: PEER_ID, infoHash: hash, port: PORT }
    return mismatch(hash, await UdpTracker.announce(url, options))
  })
  return withoutFaults(outcomes, `some of ${infoHashes.length} promises were not kept`)
}

async function withoutFaults(outcomes, whatIsMissing) {
  const faults = await deadline(Promise.all(outcomes), whatIsMissing, WITHIN_MS)
  assert.deepEqual(
    faults.filter((fault) => fault !== null),
    []
  )
}

async function scrapeAll(url, infoHashes) {
  const rows = await deadline(UdpTracker.scrape(url, infoHashes), 'no scrape', WITHIN_MS)
  const expected = infoHashes.map((hash) => ({
    infoHash: hash.toString('hex'),
    seeds: hash.readUInt32BE(0),
    completed: hash.readUInt32BE(4),
    leechers: hash.readUInt32BE(8)
  }))
  assert.deepEqual(rows, expected)
}

for (const loss of [1, 5, 10]) {
  test(`${loss} % lost each way: every announce and every row of a scrape arrives`, async (t) => {
    const relay = await start(t, { loss, seed: loss })
    await announceObjects(t, relay.url, hashes(0, 1000))
    await announcePromises(relay.url, hashes(1000, 1000))
    await scrapeAll(relay.url, hashes(0, 20_000))
    const { up, down, overflowed } = await relay.counts()
    assert.ok(up.announce.lost > 0 && up.scrape.lost > 0)
    assert.ok(down.announce.lost > 0 && down.scrape.lost > 0)
    assert.equal(overflowed, 0)
  })
}

test('answers out of order are all taken', async (t) => {
  const relay = await start(t, { roundTrip: 200, jitter: 150 })
  await announcePromises(relay.url, hashes(0, 2000))
})

test('a network that is down for 300 ms in the middle of a burst', async (t) => {
  const relay = await start(t, { roundTrip: 50 })
  const before = announceObjects(t, relay.url, hashes(0, 2500))
  await relay.counted(({ down }) => down.announce.forwarded > 0, 'nothing was answered')
  // However busy this machine is, something meets the outage: it lasts until something has.
  await relay.outage(60_000)
  const after = announceObjects(t, relay.url, hashes(2500, 2500))
  await relay.counted(({ up }) => total({ up }, 'up', 'outage') > 0, 'nothing was sent')
  await relay.outage(300)
  await Promise.all([before, after])
})

test('a network that is down at first', async (t) => {
  const relay = await start(t, { outage: 2000 })
  await announcePromises(relay.url, hashes(0, 100))
})

for (const [what, connects] of [
  ['the first connect is lost', 1],
  ['the first three connects are lost', 3]
]) {
  test(`${what}: what waits for it and what comes later is answered`, async (t) => {
    const relay = await start(t, { dropConnects: connects })
    const waiting = announceObjects(t, relay.url, hashes(0, 100))
    await relay.counted(({ up }) => up.connect.dropped > 0, 'no connect was dropped')
    await announcePromises(relay.url, hashes(100, 100))
    await waiting
    assert.equal((await relay.counts()).up.connect.dropped, connects)
  })
}

for (const [stale, how] of [
  ['silent', 'is silent to old connection IDs'],
  ['error', 'answers them by "Connection cookie error"']
]) {
  test(`a tracker that restarts and ${how} is connected to again`, async (t) => {
    const relay = await start(t, { stale })
    await announcePromises(relay.url, hashes(0, 10))
    await relay.restart()
    await announcePromises(relay.url, hashes(0, 500))
    await relay.restart()
    await announceObjects(t, relay.url, hashes(0, 500))
    await relay.restart()
    await scrapeAll(relay.url, hashes(0, 1000))
  })
}

test('a torrent that its tracker ignores holds up no other', async (t) => {
  const ignored = infoHash(0, NEVER_AGAIN)
  const relay = await start(t, { ignore: ignored.toString('hex') })
  const options = { peerId: PEER_ID, infoHash: ignored, port: PORT, timeout: 3000 }
  const silence = assert.rejects(UdpTracker.announce(relay.url, options), { code: 'TIMEOUT' })
  await announcePromises(relay.url, hashes(1, 1000))
  await silence
})

test('through a bottleneck that drops the excess, everything is answered', async (t) => {
  const relay = await start(t, { rate: 2000, queue: 50, loss: 1 })
  await announceObjects(t, relay.url, hashes(0, 3000))
  assert.ok((await relay.counts()).down.announce.forwarded >= 3000)
})
