// A torrent that is announced for as long as the program runs. On Ctrl-C or a kill it tells the tracker that it has
// stopped, and only then goes.
//
//   node announce-loop.js udp://tracker.example.org:6969/announce INFO_HASH [PORT]
'use strict'

const crypto = require('node:crypto')
const UdpTracker = require('bittorrent-udp-tracker')

const RETRY_MS = 60_000 // after an error, when nothing is scheduled
const FAREWELL_MS = 3_000 // how long the end may wait for the tracker

const [, , url, infoHash, port = '6881'] = process.argv
if (infoHash === undefined) {
  console.error('usage: node announce-loop.js URL INFO_HASH [PORT]')
  process.exit(2)
}

const peerId = `-XX0100-${crypto.randomBytes(6).toString('hex')}`
const tracker = new UdpTracker(peerId, infoHash, url, { port })

// The same object in every announce: a client adds up in it what it has sent and received, and the tracker gets the
// numbers of the moment. Here nothing is transferred.
const counters = { downloaded: 0, left: 0, uploaded: 0 }

// A client's sockets keep its process alive; a waiting tracker does not.
const alive = setInterval(() => {}, 2 ** 30)
let retry

function onUpdate({ seeds, leechers, peers }) {
  console.log(`${seeds} seeds, ${leechers} leechers, next announce in ${tracker.interval} s`)
  for (const peer of peers) console.log(`  ${peer}`)
  counters.event = 'none' // 'started' has been said; without this the next announce would say it again
}

function onError(text) {
  console.error(`no announce: ${text}`)
  retry = setTimeout(() => tracker.announce(counters.event, counters), RETRY_MS)
}

function stop() {
  // A second signal ends the process at once.
  process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop)
  clearTimeout(retry)
  const end = (how) => {
    console.log(how)
    tracker.destroy()
    clearTimeout(late)
    clearInterval(alive)
  }
  const late = setTimeout(end, FAREWELL_MS, 'stopped, and the tracker did not answer')
  tracker.removeListener('update', onUpdate).once('update', () => end('stopped'))
  tracker.removeListener('error', onError).once('error', (text) => end(`stopped: ${text}`))
  // `force`: not at the end of the interval. It replaces an announce that is under way.
  tracker.announce('stopped', { ...counters, force: true })
}

tracker.on('update', onUpdate).on('error', onError)
process.on('SIGINT', stop).on('SIGTERM', stop)
tracker.announce('started', counters)
