// How long an announce takes through a network that loses some of the datagrams, each way: a steady stream of them, long
// enough for what version 1.2.0 sends again after 30 seconds.
'use strict'

const { infoHashes, load } = require('../lib/implementations.js')
const { ALL, METRICS, lossText, requestAll } = require('../lib/network.js')

const COUNT = 1000
const PER_SECOND = 200
const LIMIT = 37

async function measure(implementation, { url, count }) {
  const { announce } = await load(implementation)
  const hashes = infoHashes(count)
  return requestAll((index, done) => announce(url, hashes[index], done), {
    count,
    perSecond: PER_SECOND,
    limit: LIMIT
  })
}

module.exports = {
  title: `${PER_SECOND} announces a second for ${COUNT / PER_SECOND} s through a network, cut after ${LIMIT} s`,
  tracker: null,
  overview: { what: `99 % of ${PER_SECOND} announces a second`, key: 'p99', unit: 'ms' },
  variants: [1, 5].map((loss) => ({
    title: `50 ms, ${lossText(loss)}`,
    options: { count: COUNT },
    network: { roundTrip: 50, loss },
    exchanges: COUNT + 1,
    implementations: ALL,
    goals: { answered: { least: 100 } }
  })),
  metrics: [METRICS.answered, METRICS.median, METRICS.p99, METRICS.last, METRICS.sentEach],
  measure
}
