// The process of a stream: WebTorrent has a file, and torrent-stream or peerflix, which is a web server on it, finds it by the
// tracker alone. Prints what has arrived.
//
//   stream.mjs torrent-stream|peerflix torrent|magnet

import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'

import peerflix from 'peerflix'
import torrentStream from 'torrent-stream'
import WebTorrent from 'webtorrent-1'

import { announce, downloads, seed } from './seed.mjs'

const [program, by] = process.argv.slice(2)
const { torrent, file } = await seed(WebTorrent)

const wanted = by === 'magnet' ? torrent.magnetURI : torrent.torrentFile
const opts = { dht: false, trackers: announce, path: downloads('stream'), tmp: downloads('tmp') }
const received = program === 'peerflix' ? await byPeerflix() : await byTorrentStream()
console.log(received.equals(file) ? `received ${received.length} bytes` : 'received another file')
process.exit()

async function byTorrentStream() {
  const engine = torrentStream(wanted, opts)
  await once(engine, 'ready')
  return buffer(engine.files[0].createReadStream())
}

async function byPeerflix() {
  const { server } = peerflix(wanted, { ...opts, port: 0, hostname: '127.0.0.1' })
  await once(server, 'listening')
  const response = await fetch(`http://127.0.0.1:${server.address().port}/`)
  return Buffer.from(await response.arrayBuffer())
}
