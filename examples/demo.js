// Two peers of one torrent announce to a tracker and learn of each other: `npm run demo`. The tracker is a real one, the Server
// of bittorrent-tracker, on a free port of this machine. With --stay it stays, on port 6969 if that is free, for the README's
// examples.
'use strict'

const { once } = require('node:events')
const { Server } = require('bittorrent-tracker')
const UdpTracker = require('..') // an application writes require('bittorrent-udp-tracker')

const INFO_HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'

const PORT = 6969
const PEERS = [
  { name: 'Alice', peerId: '-XX0100-alice0000000', port: 6881, left: 0 },
  { name: 'Bob', peerId: '-XX0100-bob000000000', port: 6882, left: 734003200 }
]

async function startTracker(port) {
  const server = new Server({ udp: true, http: false, ws: false })
  // It listens over IPv6 as well, and on a machine without IPv6 the demo works without.
  server.udp6.removeAllListeners('error').on('error', () => {})
  server.on('error', () => {}) // told by `once` below
  server.listen(port, { udp: '127.0.0.1', udp6: '::1' })
  await once(server.udp4, 'listening')
  return server
}

// Port 6969 is other people's as well.
async function startToStay() {
  try {
    return await startTracker(PORT)
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error
    return startTracker(0)
  }
}

async function announce({ name, peerId, port, left }, url) {
  const tracker = new UdpTracker(peerId, INFO_HASH, url, { port })
  tracker.announce('started', { downloaded: 0, left, uploaded: 0 })

  // Rejects when the tracker emits `error`.
  const [update] = await once(tracker, 'update')
  report(name, left, update, tracker.interval)
}

function report(name, left, { seeds, leechers, peers }, interval) {
  const what = left === 0 ? 'has the whole torrent' : `has ${count(left, 'byte')} to go`
  console.log(`\n${name} ${what}, and announced it. The tracker answered:`)
  console.log(`  ${count(seeds, 'seed')}, ${count(leechers, 'leecher')}`)
  console.log(`  peers: ${peers.join(', ') || 'none'}`)
  console.log(`  next announce in ${Math.round(interval / 60)} min`)
}

function count(number, noun) {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`
}

async function main() {
  const stays = process.argv.includes('--stay')
  const server = await (stays ? startToStay() : startTracker(0))
  const url = `udp://127.0.0.1:${server.udp4.address().port}`
  console.log(`A tracker is listening on ${url}`)
  try {
    for (const peer of PEERS) await announce(peer, url)
  } finally {
    if (!stays) server.close()
  }
  if (stays) console.log('\nThe tracker stays until Ctrl-C.')
  else
    console.log('\nThat is all: nothing is in flight any more, and so the process exits by itself.')
}

main().catch((reason) => {
  // `error` is emitted with a text; all else that can go wrong is an Error.
  console.error(`The demo failed: ${reason.message || reason}`)
  process.exitCode = 1
})
