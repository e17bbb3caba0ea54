// Swarms that are announced to a tracker that other people wrote, and what it has to say of them then.
'use strict'

const assert = require('node:assert/strict')
const { randomBytes } = require('node:crypto')
const { UdpTracker, createClient, nextUpdate } = require('./client.js')
const { deadline } = require('./deadline.js')

const MANY = 10_000
const SEED = { port: 6881, left: 0 }
const LEECHER = { port: 6882, left: 1000 }

// Swarms by turns: who is in each.
const SWARMS = [
  [SEED],
  [LEECHER],
  [SEED, LEECHER],
  [SEED, { ...SEED, port: 6883 }, LEECHER],
  [LEECHER, { ...LEECHER, port: 6884 }]
]

const peerIds = new Map()

function announce(url, infoHash, peer, event = 'started') {
  if (!peerIds.has(peer.port)) peerIds.set(peer.port, randomBytes(20))
  const peerId = peerIds.get(peer.port)
  return UdpTracker.announce(url, { ...peer, peerId, infoHash, event, timeout: 60_000 })
}

// Announces a swarm for each info-hash, all at once; returns what a scrape has to say then. Nobody completed: trackers
// that count completions say 0, bittorrent-tracker says how many seeds there are.
async function announceSwarms(url, infoHashes, completedIsSeeds) {
  const swarmOf = (index) => SWARMS[index % SWARMS.length]
  const announced = infoHashes.flatMap((infoHash, index) => {
    return swarmOf(index).map((peer) => announce(url, infoHash, peer))
  })
  await Promise.all(announced)
  return infoHashes.map((infoHash, index) => {
    const seeds = swarmOf(index).filter(({ left }) => left === 0).length
    const leechers = swarmOf(index).length - seeds
    return {
      infoHash: infoHash.toString('hex'),
      seeds,
      completed: completedIsSeeds ? seeds : 0,
      leechers
    }
  })
}

const manyHashes = (count) => Array.from({ length: count }, () => randomBytes(20))

// Everyone's own numbers, and one info-hash that the tracker has never heard of between them.
async function assertScrapes(t, url, infoHashes, { completedIsSeeds = false } = {}) {
  const expected = await announceSwarms(url, infoHashes, completedIsSeeds)
  const unknown = randomBytes(20)
  const nobody = { infoHash: unknown.toString('hex'), seeds: 0, completed: 0, leechers: 0 }

  assert.deepEqual(await UdpTracker.scrape(url, infoHashes), expected)
  assert.deepEqual(await UdpTracker.scrape(url, [infoHashes[0], unknown, infoHashes[1]]), [
    expected[0],
    nobody,
    expected[1]
  ])

  const client = createClient(t, url, { port: SEED.port })
  client.infoHash = infoHashes[2]
  const scraped = new Promise((resolve, reject) => client.on('scrape', resolve).on('error', reject))
  client.scrape()
  assert.deepEqual(await deadline(scraped, 'no scrape'), [expected[2]])
}

async function assertManyScraped(url) {
  const infoHashes = manyHashes(MANY)
  const expected = await announceSwarms(url, infoHashes)
  const progress = []

  const results = await UdpTracker.scrape(url, infoHashes, {
    timeout: 60_000,
    onProgress: ({ done, total }) => progress.push(`${done} of ${total}`)
  })
  assert.equal(results.length, MANY)
  assert.deepEqual(results, expected)
  assert.equal(progress.length, Math.ceil(MANY / 60))
  assert.equal(progress.at(-1), `${MANY} of ${MANY}`)
}

// A seed comes, a leecher comes and learns of it, the leecher completes, the seed goes. aquatic does not count the peer
// that asks.
async function assertLifeOfASwarm(t, url, host) {
  const infoHash = randomBytes(20)
  const client = createClient(t, url, { port: LEECHER.port })
  client.infoHash = infoHash
  const announceAs = async (event, left) => {
    const updated = nextUpdate(client)
    client.announce(event, { left, force: true })
    return updated
  }
  const seed = `${host}:${SEED.port}`
  const leecher = `${host}:${LEECHER.port}`

  const first = await announce(url, infoHash, SEED)
  assert.deepEqual(first, { interval: 900, leechers: 0, seeds: 0, peers: [] })
  const fromSeed = { leechers: 0, seeds: 1, peers: [seed] }
  assert.deepEqual(await announceAs('started', 1000), fromSeed)
  assert.equal(client.interval, 900)
  const again = await announce(url, infoHash, SEED, 'none')
  assert.deepEqual(again, { interval: 900, leechers: 1, seeds: 0, peers: [leecher] })
  assert.deepEqual(await announceAs('completed', 0), fromSeed)
  await announce(url, infoHash, SEED, 'stopped')
  assert.deepEqual(await announceAs('none', 0), { leechers: 0, seeds: 0, peers: [] })
}

module.exports = { MANY, assertLifeOfASwarm, assertManyScraped, assertScrapes, manyHashes }
