// The process of a transfer: one WebTorrent instance has a file, and another one finds it by the tracker alone. Prints what
// has arrived.
//
//   transfer.mjs PACKAGE torrent|magnet none|patch

import { once } from 'node:events'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

import { patch } from '../../../lib/bittorrent-tracker/index.mjs'
import { QUIET, announce, downloads, fail, seed } from './seed.mjs'

const [name, by, way] = process.argv.slice(2)
const { resolve } = createRequire(import.meta.url)
const root = path.dirname(resolve(`${name}/package.json`))

async function load(file) {
  const { default: loaded } = await import(pathToFileURL(path.join(root, file)))
  return loaded
}

if (way === 'patch') patch(await load('node_modules/bittorrent-tracker/client.js'))
const WebTorrent = await load('index.js')

const { seeder, torrent, file } = await seed(WebTorrent)

const leecher = new WebTorrent(QUIET)
leecher.on('error', fail)
const wanted = by === 'magnet' ? torrent.magnetURI : torrent.torrentFile
const download = leecher.add(wanted, { announce, path: downloads('leecher') })
download.on('warning', fail)
await once(download, 'done')
const received = await bytesOf(download.files[0])
console.log(received.equals(file) ? `received ${received.length} bytes` : 'received another file')

async function bytesOf(file) {
  if (file.arrayBuffer) return Buffer.from(await file.arrayBuffer())
  return new Promise((resolve, reject) => {
    file.getBuffer((error, bytes) => (error ? reject(error) : resolve(bytes)))
  })
}

await Promise.all(
  [leecher, seeder].map((client) => new Promise((resolve) => client.destroy(resolve)))
)
// WebTorrent leaves timers behind that keep the process.
process.exit()
