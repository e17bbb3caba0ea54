// Swarms at aquatic_udp: a peer's life, and scrapes, each against what was announced. `npm run test:aquatic`: building the tracker
// takes longer than all of its tests.
'use strict'

const { test, describe } = require('node:test')
const realTrackers = require('../support/real-trackers.js')
const { withoutIPv6 } = require('../support/loopback.js')
const { needs } = require('../support/needs.js')
const {
  MANY,
  assertLifeOfASwarm,
  assertManyScraped,
  assertScrapes,
  manyHashes
} = require('../support/swarms.js')

for (const [family, address, host, skip] of [
  ['IPv4', '127.0.0.1', '127.0.0.1', false],
  ['IPv6', '::1', '[::1]', withoutIPv6]
]) {
  describe(`aquatic_udp over ${family}`, { skip: needs('aquatic_udp') || skip }, () => {
    test('gives the peers back as they were announced', async (t) => {
      const { url } = await realTrackers.startAquatic(t, address)
      await assertLifeOfASwarm(t, url, host)
    })

    test('is scraped for what was announced', async (t) => {
      const { url } = await realTrackers.startAquatic(t, address)
      await assertScrapes(t, url, manyHashes(150))
    })

    test(`is scraped for ${MANY} torrents that it knows`, async (t) => {
      const { url } = await realTrackers.startAquatic(t, address)
      await assertManyScraped(url)
    })
  })
}
