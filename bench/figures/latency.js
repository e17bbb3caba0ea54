// One announce at a time, from the making of the tracker object to its `update`: the first of a process, and later ones.
'use strict'

const { infoHashes, load } = require('../lib/implementations.js')
const { median, percentile } = require('../lib/statistics.js')

const COUNT = 4000
const WARM_UP = 1000
const ALL = ['ours', 'original', 'bittorrent-tracker']

async function measure(implementation, { url }) {
  const { announce } = await load(implementation)
  const hashes = infoHashes(COUNT)
  const times = []
  for (const infoHash of hashes) times.push(await time(announce, url, infoHash))
  const later = times.slice(WARM_UP)
  return { first: times[0], median: median(later), p99: percentile(later, 0.99) }
}

function time(announce, url, infoHash) {
  return new Promise((resolve, reject) => {
    const started = process.hrtime.bigint()
    announce(url, infoHash, (error) => {
      const microseconds = Number(process.hrtime.bigint() - started) / 1000
      // The next one starts in a turn of its own: what this one has left to tidy up is done by then.
      if (error) reject(new Error(error))
      else setImmediate(resolve, microseconds)
    })
  })
}

module.exports = {
  title: 'Latency of one announce at a time',
  quick: true,
  tracker: {},
  variants: [{ title: '', options: {}, implementations: ALL, goals: { median: { original: 2 } } }],
  metrics: [
    { key: 'median', title: 'median, µs', better: 'lower', digits: 0 },
    { key: 'p99', title: 'p99, µs', better: 'lower', digits: 0 },
    { key: 'first', title: 'first of a process, µs', better: 'lower', digits: 0 }
  ],
  measure
}
