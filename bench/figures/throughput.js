// Announces a second through each API, a new tracker object each, until its `update`; and what the native load generator
// gets out of the same tracker, which is the ceiling.
'use strict'

const { loadTest } = require('../lib/aquatic.js')
const { infoHashes, load } = require('../lib/implementations.js')
const { sustain } = require('../lib/load.js')

const TORRENTS = 10000
const POPULAR = 100
const PEERS = 40
const ALL = ['ours', 'portable', 'original', 'bittorrent-tracker']

async function measure(implementation, options) {
  if (implementation === 'native') return { rate: await loadTest(options) }
  const { announce } = await load(implementation)
  const { url, inFlight, peers, seconds } = options
  const hashes = infoHashes(peers ? POPULAR : TORRENTS)
  if (peers) await populate(url, hashes)
  const { answered, failed, nanoseconds } = await sustain(
    (infoHash, done) => announce(url, infoHash, done),
    { inFlight, seconds, warmUp: 0.5, infoHashes: hashes }
  )
  const result = { rate: (answered * 1e9) / nanoseconds }
  if (failed > 0) result.note = 'some announces failed'
  return result
}

// Gives each torrent more peers than the tracker puts into an answer.
async function populate(url, hashes) {
  const { announce } = await load('ours')
  const one = (infoHash, port) =>
    new Promise((resolve, reject) => {
      announce(url, infoHash, (error) => (error ? reject(new Error(error)) : resolve()), port)
    })
  for (let port = 1; port <= PEERS; port++) {
    await Promise.all(hashes.map((infoHash) => one(infoHash, port)))
  }
}

module.exports = {
  title: 'Announces a second, a new tracker object each',
  quick: true,
  tracker: {},
  seconds: { full: 2, quick: 1 },
  variants: [
    {
      title: '100 in flight',
      options: { inFlight: 100 },
      implementations: ALL,
      quickImplementations: ['ours', 'original']
    },
    {
      title: '1,000 in flight',
      options: { inFlight: 1000 },
      implementations: [...ALL, 'native'],
      goals: { rate: { original: 8, native: 0.8 } }
    },
    {
      title: '1,000 in flight, 30 peers an answer',
      options: { inFlight: 1000, peers: true },
      implementations: ALL,
      fullOnly: true
    }
  ],
  metrics: [{ key: 'rate', title: 'announces/s', better: 'higher', digits: 0 }],
  measure
}
