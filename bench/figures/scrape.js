// A scrape of many info-hashes, from the call to the last result and from the first result to the last.
'use strict'

const { infoHashes, load } = require('../lib/implementations.js')

// What one datagram of bittorrent-tracker's client asks for: the tracker takes no more. Of 5, 10, 20, 50, 100, 200 and
// 400 calls at a time, 200 suited it best.
const CHUNK = 70
const AT_ONCE = 200

async function measure(implementation, { url, count }) {
  const { UdpTracker, Client } = await load(implementation)
  const hashes = infoHashes(count)
  const started = process.hrtime.bigint()
  let first = 0n
  const onProgress = () => {
    if (first === 0n) first = process.hrtime.bigint()
  }
  const rows = UdpTracker
    ? await scrapeAll(UdpTracker, url, hashes, onProgress)
    : await scrapeInChunks(Client, url, hashes, onProgress)
  const ended = process.hrtime.bigint()
  if (rows !== count) throw new Error(`${rows} results of ${count}`)
  return { whole: Number(ended - started) / 1e6, results: Number(ended - first) / 1e6 }
}

async function scrapeAll(UdpTracker, url, hashes, onProgress) {
  const results = await UdpTracker.scrape(url, hashes, { timeout: 60000, onProgress })
  return results.length
}

async function scrapeInChunks(Client, url, hashes, onProgress) {
  let next = 0
  let rows = 0
  const chain = async () => {
    while (next < hashes.length) {
      const chunk = hashes.slice(next, (next += CHUNK))
      const results = await scrapeChunk(Client, url, chunk)
      onProgress()
      rows += chunk.length === 1 ? 1 : Object.keys(results).length
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, chain))
  return rows
}

function scrapeChunk(Client, announce, infoHash) {
  return new Promise((resolve, reject) => {
    Client.scrape({ infoHash, announce }, (error, results) => {
      if (error) reject(error)
      else resolve(results)
    })
  })
}

module.exports = {
  title: 'Scrape of 100,000 info-hashes',
  tracker: {},
  variants: [
    {
      title: '',
      options: { count: 100000 },
      implementations: ['ours', 'bittorrent-tracker'],
      goals: { results: { 'bittorrent-tracker': 10 } }
    }
  ],
  metrics: [
    { key: 'results', title: 'first result to last, ms', better: 'lower', digits: 0 },
    { key: 'whole', title: 'call to last result, ms', better: 'lower', digits: 0 }
  ],
  measure
}
