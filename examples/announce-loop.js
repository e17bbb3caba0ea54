// A torrent that is announced for as long as the program runs. On Ctrl-C or a kill it tells the tracker that it has
// stopped, and only then goes.
//
//   node announce-loop.js udp://tracker.example.org:6969/announce INFO_HASH [PORT]
'use strict'

const crypto = require('node:crypto')
const UdpTracker = require('bittorrent-udp-tracker')

const FAREWELL_MS = 3_000 // how long the end may wait for the tracker

const [, , url, infoHash, port = '6881'] = process.argv
if (infoHash === undefined) {
  console.error('usage: node announce-loop.js URL INFO_HASH [PORT]')
  process.exit(2)
}

const peerId = `-XX0100-${crypto.randomBytes(6).toString('hex')}`
const tracker = new UdpTracker(peerId, infoHash, url, {
  port,
  retry: true, // after a failure it announces again by itself
  events: 'once', // 'started' is said once, and not at each interval
  keepAlive: true // a client's sockets keep its process alive; a waiting tracker does so only with this
})

// The same object in every announce: a client adds up in it what it has sent and received, and the tracker gets the
// numbers of the moment. Here nothing is transferred.
const counters = { downloaded: 0, left: 0, uploaded: 0 }

tracker.on('update', ({ seeds, leechers, peers }) => {
  console.log(`${seeds} seeds, ${leechers} leechers, next announce in ${tracker.interval} s`)
  for (const peer of peers) console.log(`  ${peer}`)
})
tracker.on('error', (text) => {
  console.error(`no announce: ${text}; again at ${tracker.nextAnnounce?.toLocaleTimeString()}`)
})

async function stop() {
  // A second signal ends the process at once.
  process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop)
  const isAnswered = await tracker.stop({ timeout: FAREWELL_MS })
  console.log(isAnswered ? 'stopped' : 'stopped, and the tracker did not answer')
}

process.on('SIGINT', stop).on('SIGTERM', stop)
tracker.announce('started', counters)
