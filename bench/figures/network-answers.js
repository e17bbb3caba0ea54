// Nothing is lost, but the answers do not all take the same time: what is sent again is sent for nothing.
'use strict'

const { infoHashes, load } = require('../lib/implementations.js')
const { METRICS, requestAll } = require('../lib/network.js')

const COUNT = 5000
// Enough at a time that most of the announces are made after the jump.
const AT_ONCE = 500
const JUMPS_AFTER = 100

async function measure(implementation, { url, count, atOnce }) {
  const { announce } = await load(implementation)
  const hashes = infoHashes(count)
  return requestAll((index, done) => announce(url, hashes[index], done), { count, atOnce })
}

const variant = (title, options, network, goals) => ({
  title,
  options: { count: COUNT, ...options },
  network,
  exchanges: COUNT + 1,
  implementations: ['ours'],
  goals: { answered: { least: 100 }, ...goals }
})

module.exports = {
  title: '5,000 announces whose answers take times of their own',
  tracker: null,
  overview: { what: '5,000 announces' },
  variants: [
    variant('200 ± 150 ms', {}, { roundTrip: 200, jitter: 150 }, { sentEach: { limit: 1.01 } }),
    variant(
      'from 20 to 400 ms at a moment, 500 in flight',
      { atOnce: AT_ONCE },
      { roundTrip: 20, after: [[JUMPS_AFTER, { roundTrip: 400 }]] },
      { sentEach: { limit: 1.1 } }
    ),
    variant(
      'half of them 20, half 400 ms',
      {},
      { roundTrip: 20, slowShare: 50, slowRoundTrip: 400 },
      { last: { limit: 3 } }
    )
  ],
  metrics: [METRICS.answered, METRICS.median, METRICS.p99, METRICS.last, METRICS.sentEach],
  measure
}
