// What happens to networks and trackers: a lost connect, an outage, a restart, dead addresses, very many trackers.
'use strict'

const { infoHashes, load } = require('../lib/implementations.js')
const { METRICS, requestAll, sleep } = require('../lib/network.js')
const { median } = require('../lib/statistics.js')

const ROUND_TRIP = 50
const RESTARTS_AFTER = 500
const LIMIT = 20
const HOST = 'ten-addresses.test'
const ADDRESSES = Array.from({ length: 10 }, (_, i) => `127.0.1.${i + 1}`)
const TRACKERS = 10000
const LATER = 20

async function measure(implementation, options) {
  const { announce } = await load(implementation)
  return SCENARIOS[options.scenario](announce, options)
}

const SCENARIOS = {
  atOnce(announce, { url, count }) {
    const hashes = infoHashes(count)
    return requestAll((index, done) => announce(url, hashes[index], done), { count, limit: LIMIT })
  },

  /** The tracker restarts between a first few announces and the others, which count. */
  async restart(announce, { url, count }) {
    await SCENARIOS.atOnce(announce, { url, count: 10 })
    await sleep(2 * RESTARTS_AFTER)
    return SCENARIOS.atOnce(announce, { url, count })
  },

  async tenAddresses(announce, { port }) {
    const url = `udp://${HOST}:${port}`
    const first = await SCENARIOS.atOnce(announce, { url, count: 1 })
    const later = []
    for (let i = 0; i < LATER && first.answers === 1; i++) {
      later.push((await SCENARIOS.atOnce(announce, { url, count: 1 })).median)
    }
    return { ...first, answers: first.answers + later.length, later: median(later) }
  },

  manyTrackers(announce, { port, count }) {
    const hashes = infoHashes(count)
    const url = (index) => `udp://127.1.${Math.floor(index / 250)}.${1 + (index % 250)}:${port}`
    const request = (index, done) => announce(url(index), hashes[index], done)
    return requestAll(request, { count, limit: LIMIT })
  }
}

const variant = (title, scenario, count, network, goals) => ({
  title,
  options: { scenario, count },
  network: { roundTrip: ROUND_TRIP, ...network },
  implementations: ['ours'],
  goals: { answered: { least: 100 }, ...goals }
})

module.exports = {
  title: 'What happens to networks and trackers, 50 ms',
  tracker: null,
  overview: {},
  variants: [
    variant(
      '100 announces, the first connect is lost',
      'atOnce',
      100,
      { dropConnects: 1 },
      {
        last: { limit: 1.2 }
      }
    ),
    ...['silent', 'error'].map((stale) =>
      variant(
        stale === 'silent'
          ? '500 announces after a restart, silent to old connection IDs'
          : '500 announces after a restart, old connection IDs are an error',
        'restart',
        500,
        { stale, after: [[RESTARTS_AFTER, { restart: true }]] },
        { last: { limit: 1 } }
      )
    ),
    variant(
      '5,000 announces, gone for 300 ms after 60',
      'atOnce',
      5000,
      { after: [[60, { outage: 300 }]] },
      {
        last: { limit: 2 }
      }
    ),
    {
      ...variant(
        'a host with 10 addresses of which the first 9 are dead',
        'tenAddresses',
        1,
        { listen: '0.0.0.0:0', dead: ADDRESSES.slice(0, -1).join(',') },
        { last: { limit: 3 }, later: { limit: 1.5 * ROUND_TRIP } }
      ),
      hosts: { [HOST]: ADDRESSES }
    },
    {
      ...variant(
        '10,000 trackers at once, default receive buffer, answers every 10 ms',
        'manyTrackers',
        TRACKERS,
        { listen: '0.0.0.0:0', aggregation: 10 },
        // A connect and an announce each, next to none of them twice.
        { sentEach: { limit: 2.02 } }
      ),
      exchanges: 2 * TRACKERS,
      defaultBuffers: true
    }
  ],
  metrics: [
    METRICS.answered,
    METRICS.median,
    METRICS.p99,
    METRICS.last,
    { key: 'later', title: 'later ones, ms', better: 'lower', digits: 0 },
    METRICS.sentEach
  ],
  measure
}
