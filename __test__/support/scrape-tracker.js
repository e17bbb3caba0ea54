// A tracker whose numbers say which torrent was asked for, and one that answers when the test says so.
'use strict'

const { startScriptedTracker, silent } = require('./scripted-tracker.js')
const wire = require('./wire.js')

// How many info-hashes a request has at most.
const A_REQUEST = 60

// Info-hashes that say which one they are, and a tracker whose numbers say which one was asked for.
const hashes = (count) => Array.from({ length: count }, (_, i) => i.toString(16).padStart(40, '0'))
const numberOf = (infoHash) => infoHash.readUInt32BE(16)
const rowOf = (number) => ({
  seeds: number,
  completed: (2 * number) >>> 0,
  leechers: (3 * number) >>> 0
})
const answerTo = (request) =>
  wire.scrapeResponse(
    request,
    request.infoHashes.map((infoHash) => rowOf(numberOf(infoHash)))
  )
const startTracker = (t, script) => startScriptedTracker(t, { scrape: answerTo, ...script })

// A tracker that keeps what it is asked until the test answers; gives the requests by their place.
async function startHeldTracker(t, start, requestCount) {
  const tracker = await startTracker(t, { scrape: silent })
  const child = start(tracker)
  const requests = []
  while (requests.length < requestCount) requests.push(await tracker.nextScrape())
  requests.sort((a, b) => numberOf(a.infoHashes[0]) - numberOf(b.infoHashes[0]))
  const answer = (index) => tracker.send(answerTo(requests[index]), requests[index])
  return { tracker, child, answer, requests }
}

module.exports = { A_REQUEST, hashes, numberOf, rowOf, startTracker, startHeldTracker }
