// Announces made in one tick through a network that loses some of the datagrams, each way.
'use strict'

const { infoHashes, load } = require('../lib/implementations.js')
const {
  ALL,
  LIMIT,
  LOSSY_NETWORKS,
  USUAL_METRICS,
  lossText,
  requestAll
} = require('../lib/network.js')

const COUNT = 10000
const COLD = 1000

async function measure(implementation, { url, count }) {
  const { announce } = await load(implementation)
  const hashes = infoHashes(count)
  return requestAll((index, done) => announce(url, hashes[index], done), { count })
}

module.exports = {
  title: `Announces at once through a network, cut after ${LIMIT} s`,
  quick: true,
  tracker: null,
  // Each with a seed of its own: at 10 % one in ten loses the same request seven times. The others' end is their time's end.
  runsOfOurs: 3,
  overview: {},
  variants: [
    ...LOSSY_NETWORKS.map(({ roundTrip, loss, last }) => ({
      title: `10,000 announces, ${roundTrip} ms, ${lossText(loss)}`,
      options: { count: COUNT },
      network: { roundTrip, loss },
      // One connect for all.
      exchanges: COUNT + 1,
      implementations: [...ALL, 'portable'],
      quickImplementations: ['ours', 'original'],
      fullOnly: loss !== 1,
      goals: { answered: { least: 100 }, last: { limit: last }, overhead: { limit: 1.1 } }
    })),
    {
      title: '1,000 announces to a cold tracker, 50 ms',
      options: { count: COLD },
      network: { roundTrip: 50 },
      exchanges: COLD + 1,
      implementations: ALL,
      goals: { last: { 'bittorrent-tracker': 1 }, overhead: { limit: 1.1 } }
    }
  ],
  metrics: USUAL_METRICS,
  measure
}
