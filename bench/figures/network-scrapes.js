// A scrape of many info-hashes through a network that loses some of the datagrams, each way.
'use strict'

const { infoHashes, load } = require('../lib/implementations.js')
const { LIMIT, LOSSY_NETWORKS, METRICS, bound, lossText, requestAll } = require('../lib/network.js')

const COUNT = 100000
// Info-hashes in a datagram.
const OURS_CHUNK = 60
const CHUNK = 70
// How many calls bittorrent-tracker's client has open at a time, as suits it best: each that loses a datagram holds its
// place for 15 seconds, so that all are made at once where datagrams are lost.
const AT_ONCE = 200
const callsAtOnce = (loss) => (loss === 0 ? AT_ONCE : Math.ceil(COUNT / CHUNK))

async function measure(implementation, { url, count, atOnce }) {
  const { UdpTracker, Client } = await load(implementation)
  const hashes = infoHashes(count)
  return UdpTracker
    ? scrapeAll(UdpTracker, url, hashes)
    : scrapeInChunks(Client, url, hashes, atOnce)
}

async function scrapeAll(UdpTracker, url, hashes) {
  const count = hashes.length
  const started = performance.now()
  const signal = AbortSignal.timeout(LIMIT * 1000)
  let rows = 0
  let last = Infinity
  try {
    const onProgress = ({ done }) => (rows = done)
    const results = await UdpTracker.scrape(url, hashes, { signal, onProgress })
    rows = results.length
    last = (performance.now() - started) / 1000
  } catch (error) {
    // Cut, or given up: what came in counts.
    if (!signal.aborted) return withRows({ rows, count, last, words: String(error) })
  }
  return withRows({ rows, count, last })
}

async function scrapeInChunks(Client, url, hashes, atOnce) {
  const chunks = []
  for (let at = 0; at < hashes.length; at += CHUNK) chunks.push(hashes.slice(at, at + CHUNK))
  let rows = 0
  const scrape = (index, done) => {
    Client.scrape({ infoHash: chunks[index], announce: url }, (error, results) => {
      if (!error) rows += chunks[index].length === 1 ? 1 : Object.keys(results).length
      done(error)
    })
  }
  const { cut, last } = await requestAll(scrape, { count: chunks.length, atOnce })
  const isCut = cut.includes('last')
  return withRows({ rows, count: hashes.length, last: isCut ? Infinity : last })
}

function withRows({ rows, count, last, words }) {
  const result = { answers: rows, answered: (100 * rows) / count, last }
  bound(result, { last: LIMIT })
  if (rows < count) result.note = words || `${rows} of ${count} rows within ${LIMIT} s`
  return result
}

module.exports = {
  title: `Scrape of 100,000 info-hashes through a network, cut after ${LIMIT} s`,
  tracker: null,
  // Each with a seed of its own: at 10 % one in ten loses the same request seven times. The others' end is their time's end.
  runsOfOurs: 3,
  overview: { what: 'scrape of 100,000' },
  variants: LOSSY_NETWORKS.map(({ roundTrip, loss, last }) => ({
    title: `${roundTrip} ms, ${lossText(loss)}`,
    options: { count: COUNT, atOnce: callsAtOnce(loss) },
    network: { roundTrip, loss },
    exchanges: Math.ceil(COUNT / OURS_CHUNK) + 1,
    implementations: ['ours', 'bittorrent-tracker'],
    goals: { answered: { least: 100 }, last: { limit: last }, overhead: { limit: 1.1 } }
  })),
  metrics: [
    METRICS.answered,
    METRICS.last,
    { ...METRICS.sentEach, title: 'datagrams sent a row', digits: 3 },
    METRICS.overhead
  ],
  measure
}
