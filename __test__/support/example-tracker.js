// What tracker.example.org answers in the documentation: a script for startScriptedTracker().
'use strict'

const wire = require('./wire')

const SWARM = { interval: 1800, leechers: 3, seeds: 12 }
const PEERS = {
  4: ['192.0.2.10:6881', '198.51.100.7:51413'],
  6: Buffer.from('20010db8000000000000000000000010' + '1ae1', 'hex') // [2001:db8::10]:6881
}
const ROW = { seeds: 12, completed: 345, leechers: 3 }

/** With peers of `family`. */
function exampleScript(family = 4) {
  return {
    announce: (request) => wire.announceResponse(request, { ...SWARM, peers: PEERS[family] }),
    scrape: (request) =>
      wire.scrapeResponse(
        request,
        request.infoHashes.map(() => ROW)
      )
  }
}

module.exports = { exampleScript }
