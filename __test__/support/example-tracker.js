// What the trackers of the documentation answer, as scripts for startScriptedTracker(): tracker.example.org, and the demo's,
// which the README announces to.
'use strict'

const wire = require('./wire.js')

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

// Where `npm run demo -- --stay` has its tracker.
const DEMO = '127.0.0.1:6969'

/** Alice and Bob are there, and whoever announces is the third; demo.test.js runs the README against the real one. */
function demoScript() {
  const peers = ['127.0.0.1:6881', '127.0.0.1:6882', '127.0.0.1:6883']
  const counts = { interval: 600, leechers: 2, seeds: 1 }
  return {
    announce: (request) => wire.announceResponse(request, { ...counts, peers }),
    scrape: (request) => wire.scrapeResponse(request, [{ seeds: 1, completed: 0, leechers: 2 }])
  }
}

module.exports = { DEMO, demoScript, exampleScript }
