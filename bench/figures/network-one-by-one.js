// Announces one after the other through a network that loses some of the datagrams: what a client with few torrents sees.
'use strict'

const { infoHashes, load } = require('../lib/implementations.js')
const { ALL, LIMIT, METRICS, requestAll } = require('../lib/network.js')

const COUNT = 200
const OURS_LIMIT = 30

async function measure(implementation, { url, count }) {
  const { announce } = await load(implementation)
  const hashes = infoHashes(count)
  const limit = implementation === 'ours' ? OURS_LIMIT : LIMIT
  return requestAll((index, done) => announce(url, hashes[index], done), {
    count,
    atOnce: 1,
    limit
  })
}

module.exports = {
  title: `200 announces one after the other through a network, the others cut after ${LIMIT} s`,
  tracker: null,
  overview: { what: '99 % of 200 announces one by one', key: 'p99', unit: 'ms' },
  variants: [
    {
      title: '20 ms, 5 % lost each way',
      options: { count: COUNT },
      network: { roundTrip: 20, loss: 5 },
      exchanges: COUNT + 1,
      implementations: ALL,
      goals: { answered: { least: 100 }, p99: { limit: 500 } }
    }
  ],
  metrics: [METRICS.answered, METRICS.median, METRICS.p99, METRICS.last, METRICS.sentEach],
  measure
}
