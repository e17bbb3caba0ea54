// Whether an addon works where this runs: it loads, announces and scrapes by events and by promises, over IPv4, IPv6 and
// by a name, also in a worker thread, and lets the process end with the code that it sets.
//
//   node smoke.js PACKAGE          exits with 7 if all of it works, and prints a line for each thing that does
'use strict'

const assert = require('node:assert/strict')
const dgram = require('node:dgram')
const { once } = require('node:events')
const path = require('node:path')
const { Worker, isMainThread, workerData } = require('node:worker_threads')

const WORKED = 7
const GIVE_UP_MS = 120_000
const INFO_HASH = '3132333435363738393031323334353637383930'
const PEER_ID = '-XX0100-abcdefghijkl'
const CONNECT = 0
const ANNOUNCE = 1

// A tracker by BEP 15: one peer, 5 seeds, 2 leechers, 9 downloads.
function answer(request, family) {
  const action = request.readUInt32BE(8)
  const transaction = request.subarray(12, 16)
  const numbers = (...values) => {
    const bytes = Buffer.alloc(4 * values.length)
    values.forEach((value, i) => bytes.writeUInt32BE(value, 4 * i))
    return bytes
  }
  if (action === CONNECT) return Buffer.concat([numbers(0), transaction, numbers(1, 2)])
  if (action === ANNOUNCE) {
    const ip = family === 4 ? [192, 0, 2, 7] : [0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 7]
    return Buffer.concat([
      numbers(1),
      transaction,
      numbers(1800, 2, 5),
      Buffer.from([...ip, 26, 225])
    ])
  }
  return Buffer.concat([numbers(2), transaction, numbers(5, 9, 2)])
}

async function startTracker(family, port = 0) {
  const socket = dgram.createSocket(`udp${family}`)
  socket.on('message', (request, from) => {
    const action = request.length === 16 ? CONNECT : request.readUInt32BE(8)
    assert.equal(request.readUInt32BE(8), action)
    socket.send(answer(request, family), from.port, from.address)
  })
  socket.bind(port, family === 4 ? '127.0.0.1' : '::1')
  await once(socket, 'listening')
  return socket
}

async function byEvents(UdpTracker, url) {
  const tracker = new UdpTracker(PEER_ID, INFO_HASH, url)
  tracker.on('error', (error) => {
    throw error
  })
  const updated = once(tracker, 'update')
  tracker.announce(2)
  const [update] = await updated
  assert.equal(update.peers.length, 1)
  const scraped = once(tracker, 'scrape')
  tracker.scrape()
  await scraped
}

async function byPromises(UdpTracker, url) {
  const asked = { infoHash: INFO_HASH, peerId: PEER_ID, port: 6881 }
  const { peers, seeds, leechers } = await UdpTracker.announce(url, asked)
  assert.deepEqual([peers.length, seeds, leechers], [1, 5, 2])
  await UdpTracker.scrape(url, [INFO_HASH])
}

async function inWorker(root, url) {
  const worker = new Worker(__filename, { workerData: { root, url } })
  const [code] = await once(worker, 'exit')
  assert.equal(code, 0)
}

async function main(root) {
  const timer = setTimeout(() => process.exit(1), GIVE_UP_MS)
  const UdpTracker = require(root)
  console.log(`loads on ${process.platform} ${process.arch}, Node.js ${process.versions.node}`)
  const four = await startTracker(4)
  const six = await startTracker(6, four.address().port)
  for (const host of ['127.0.0.1', '[::1]', 'localhost']) {
    const url = `udp://${host}:${four.address().port}`
    await byEvents(UdpTracker, url)
    await byPromises(UdpTracker, url)
    console.log(`announces and scrapes at ${host}`)
  }
  await inWorker(root, `udp://127.0.0.1:${four.address().port}`)
  console.log('announces and scrapes in a worker thread')
  four.close()
  six.close()
  clearTimeout(timer)
  // And no process.exit(): nothing may hold the process.
  process.exitCode = WORKED
}

if (isMainThread) {
  main(path.resolve(process.argv[2]))
} else {
  const UdpTracker = require(workerData.root)
  byEvents(UdpTracker, workerData.url).then(() => byPromises(UdpTracker, workerData.url))
}
