// Swarms at trackers that other people wrote: scrapes, each against what was announced. aquatic is another file's:
// aquatic/swarms.test.js.
'use strict'

const { test, describe } = require('node:test')
const realTrackers = require('./support/real-trackers.js')
const { withoutIPv6 } = require('./support/loopback.js')
const { needs } = require('./support/needs.js')
const { assertScrapes, manyHashes } = require('./support/swarms.js')

test('opentracker is scraped for what was announced', { skip: needs('opentracker') }, async (t) => {
  const infoHashes = manyHashes(150)
  const { url4 } = await realTrackers.startOpentracker(t, infoHashes)
  await assertScrapes(t, url4, infoHashes)
})

describe('bittorrent-tracker', () => {
  test('over IPv4 is scraped for what was announced', async (t) => {
    const { url4 } = await realTrackers.startBittorrentTracker(t)
    await assertScrapes(t, url4, manyHashes(150), { completedIsSeeds: true })
  })

  test('over IPv6 is scraped for what was announced', { skip: withoutIPv6 }, async (t) => {
    const { url6 } = await realTrackers.startBittorrentTracker(t)
    await assertScrapes(t, url6, manyHashes(150), { completedIsSeeds: true })
  })
})
