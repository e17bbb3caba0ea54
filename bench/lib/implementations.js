// The competitors behind one face. `announce(url, infoHash, done)` makes a new tracker object, announces with it, calls
// `done(error)` when the answer is there, and takes the object down, as it is done by whoever needs it once. `keep` does
// the same and returns the object, which then waits for its interval, as in a torrent client.
'use strict'

const path = require('node:path')

const PEER_ID = Buffer.from('-BN2000-012345678901')
const PORT = 6881
const TRACKER_OPTIONS = { port: PORT }

/** `portable` is ours in a process without addons. */
const isOurs = (name) => name === 'ours' || name === 'portable'

/** What Node.js is told for a competitor's process. */
const nodeOptionsOf = (name) => (name === 'portable' ? ['--no-addons'] : [])

function packageOf(name) {
  return isOurs(name) ? path.join(__dirname, '..', '..') : 'original'
}

/** Ours and the original have the same API. */
function sameApi(UdpTracker) {
  return {
    UdpTracker,
    announce(url, infoHash, done, port = PORT) {
      const tracker = new UdpTracker(PEER_ID, infoHash, url, { port })
      tracker.on('update', (update) => {
        tracker.destory()
        done(null, update)
      })
      tracker.on('error', (error) => {
        tracker.destory()
        done(error)
      })
      tracker.announce(2, { downloaded: 0, left: 1000, uploaded: 0 })
    },
    keep(url, infoHash, done, opts) {
      const tracker = new UdpTracker(PEER_ID, infoHash, url, TRACKER_OPTIONS)
      tracker.on('update', done.onUpdate)
      tracker.on('error', done.onError)
      tracker.announce(2, opts)
      return tracker
    }
  }
}

function bittorrentTracker(Client) {
  return {
    Client,
    announce(url, infoHash, done, port = PORT) {
      const client = new Client({ infoHash, peerId: PEER_ID, announce: url, port })
      client.on('update', (update) => {
        client.destroy()
        done(null, update)
      })
      client.on('warning', (warning) => {
        client.destroy()
        done(warning)
      })
      client.on('error', done)
      client.start({ downloaded: 0, left: 1000, uploaded: 0, numwant: 50 })
    }
  }
}

async function load(name) {
  if (name === 'bittorrent-tracker') {
    const { default: Client } = await import('bittorrent-tracker/client')
    return bittorrentTracker(Client)
  }
  return sameApi(require(packageOf(name)))
}

/** That many different info-hashes, the same in every run. */
function infoHashes(count) {
  const bytes = Buffer.allocUnsafeSlow(20 * count)
  let state = 0x9e3779b9
  for (let offset = 0; offset < bytes.length; offset += 4) {
    // xorshift32
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes.writeInt32LE(state | 0, offset)
  }
  return Array.from({ length: count }, (_, i) => bytes.subarray(20 * i, 20 * i + 20))
}

module.exports = { PEER_ID, PORT, infoHashes, isOurs, load, nodeOptionsOf, packageOf }
