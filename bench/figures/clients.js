// Announces a second through bittorrent-tracker's interface, a new Client each, until its `update`: theirs as it comes, the same
// class with ours behind its `udp:` trackers, and the Client of this package.
'use strict'

const { infoHashes, load, PEER_ID, PORT } = require('../lib/implementations.js')
const { sustain } = require('../lib/load.js')
const { Client: OwnClient, patch } = require('../../lib/bittorrent-tracker/index.js')

const TORRENTS = 10000

async function measure(implementation, { url, inFlight, seconds, isOwn }) {
  const Client = await clientOf(implementation === 'ours', isOwn)
  const announce = (infoHash, done) => {
    const client = new Client({ infoHash, peerId: PEER_ID, announce: url, port: PORT })
    client.on('update', () => {
      client.destroy()
      done(null)
    })
    client.on('warning', (warning) => {
      client.destroy()
      done(warning)
    })
    client.start({ left: 1000 })
  }
  const pace = { inFlight, seconds, warmUp: 0.5, infoHashes: infoHashes(TORRENTS) }
  const { answered, failed, nanoseconds } = await sustain(announce, pace)
  const result = { rate: (answered * 1e9) / nanoseconds }
  if (failed > 0) result.note = 'some announces failed'
  return result
}

async function clientOf(isOurs, isOwn) {
  if (isOurs && isOwn) return OwnClient
  const { Client } = await load('bittorrent-tracker')
  if (isOurs) patch(Client)
  return Client
}

const implementations = ['ours', 'bittorrent-tracker']

module.exports = {
  title: "Announces a second through bittorrent-tracker's interface",
  quick: true,
  tracker: {},
  seconds: { full: 2, quick: 1 },
  variants: [
    { title: 'patched, 100 in flight', options: { inFlight: 100 }, implementations },
    { title: 'own Client, 100 in flight', options: { inFlight: 100, isOwn: true }, implementations }
  ],
  metrics: [{ key: 'rate', title: 'announces/s', better: 'higher', digits: 0 }],
  measure
}
