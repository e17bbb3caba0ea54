// Trackers that other people wrote: two peers announce to each, and each learns of the other.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { randomBytes } = require('node:crypto')
const { needs } = require('./support/needs.js')
const { startOpentracker, startBittorrentTracker } = require('./support/real-trackers.js')
const { withoutIPv6 } = require('./support/loopback.js')
const { UdpTracker, nextUpdate, nextError } = require('./support/client.js')

const SEED = { port: 6881, counters: { downloaded: 1000, left: 0, uploaded: 5000 } }
const LEECHER = { port: 6882, counters: { downloaded: 0, left: 1000, uploaded: 0 } }

function createPeer(t, url, infoHash, { port }) {
  const peer = new UdpTracker(randomBytes(20), infoHash, url, { port })
  t.after(() => peer.destroy())
  return peer
}

async function announce(peer, event, counters) {
  const updated = nextUpdate(peer)
  peer.announce(event, { ...counters, force: true })
  return updated
}

// A seed comes, a leecher comes, the leecher completes, the seed goes; what the tracker says after each step.
async function lifeOfASwarm(t, url, infoHash) {
  const seed = createPeer(t, url, infoHash, SEED)
  const leecher = createPeer(t, url, infoHash, LEECHER)
  const updates = [
    await announce(seed, 'started', SEED.counters),
    await announce(leecher, 'started', LEECHER.counters),
    await announce(leecher, 'completed', { ...LEECHER.counters, left: 0 }),
    await announce(seed, 'stopped', SEED.counters),
    await announce(leecher, 'none', { ...LEECHER.counters, left: 0 })
  ]
  return updates.map(({ peers, ...counts }) => ({ ...counts, peers: peers.sort() }))
}

const seedRow = `127.0.0.1:${SEED.port}`
const leecherRow = `127.0.0.1:${LEECHER.port}`

describe('opentracker', { skip: needs('opentracker') }, () => {
  test('over IPv4 gives the peers back as they were announced', async (t) => {
    const infoHash = randomBytes(20)
    const { url4 } = await startOpentracker(t, [infoHash])

    const updates = await lifeOfASwarm(t, url4, infoHash)
    assert.deepEqual(updates.slice(0, 3), [
      { leechers: 0, seeds: 1, peers: [seedRow] },
      { leechers: 1, seeds: 1, peers: [seedRow, leecherRow] },
      { leechers: 0, seeds: 2, peers: [seedRow, leecherRow] }
    ])
    assert.deepEqual(updates[4], { leechers: 0, seeds: 1, peers: [leecherRow] })
  })

  test('answers an info-hash it does not serve with 8 bytes, and that is an error', async (t) => {
    const { url4 } = await startOpentracker(t, [randomBytes(20)])
    const peer = createPeer(t, url4, randomBytes(20), SEED)
    const failed = nextError(peer)
    peer.announce('started', SEED.counters)

    assert.equal(await failed, 'announce response should be 20 bytes')
  })

  test('is asked for an interval and gives one', async (t) => {
    const infoHash = randomBytes(20)
    const { url4 } = await startOpentracker(t, [infoHash])
    const peer = createPeer(t, url4, infoHash, SEED)
    await announce(peer, 'started', SEED.counters)

    assert.ok(peer.interval > 60, `${peer.interval} s`)
  })
})

describe('bittorrent-tracker', () => {
  test('over IPv4 gives the peers back as they were announced', async (t) => {
    const { url4 } = await startBittorrentTracker(t)

    assert.deepEqual(await lifeOfASwarm(t, url4, randomBytes(20)), [
      { leechers: 0, seeds: 1, peers: [seedRow] },
      { leechers: 1, seeds: 1, peers: [seedRow, leecherRow] },
      { leechers: 0, seeds: 2, peers: [seedRow, leecherRow] },
      { leechers: 0, seeds: 1, peers: [leecherRow] },
      { leechers: 0, seeds: 1, peers: [leecherRow] }
    ])
  })

  test('over IPv6 counts the peers as they were announced', { skip: withoutIPv6 }, async (t) => {
    const { url6 } = await startBittorrentTracker(t)

    assert.deepEqual(await lifeOfASwarm(t, url6, randomBytes(20)), [
      { leechers: 0, seeds: 1, peers: [] },
      { leechers: 1, seeds: 1, peers: [] },
      { leechers: 0, seeds: 2, peers: [] },
      { leechers: 0, seeds: 1, peers: [] },
      { leechers: 0, seeds: 1, peers: [] }
    ])
  })
})
