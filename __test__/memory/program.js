// What runs under valgrind: every way into the addon and out of it, a few hundred times. Ends by itself and says `done`.
'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { Worker, isMainThread, workerData, parentPort } = require('node:worker_threads')
const UdpTracker = require('../..')

// Valgrind makes node some fifty times as slow.
const TIMEOUT_MS = 120_000
const ANNOUNCES = 200
const WORKERS = 3

const url = isMainThread ? process.argv[2] : workerData.url
const bytes = (n, length = 20) => Buffer.alloc(length, n)
const create = (n, to = url, opts = {}) =>
  new UdpTracker(bytes(n), bytes(n + 1), to, { _timeout: TIMEOUT_MS, ...opts })

async function announce(n, to, opts) {
  const tracker = create(n, to, opts)
  tracker.announce('started', { left: 1 })
  const [update] = await once(tracker, 'update')
  tracker.destroy()
  return update
}

async function fails(to) {
  const tracker = create(1, to)
  const failed = once(tracker, 'error')
  tracker.announce('none')
  return (await failed)[0]
}

async function everything() {
  const updates = await Promise.all(Array.from({ length: ANNOUNCES }, (_, n) => announce(n & 255)))
  assert.ok(updates.every(({ peers }) => peers.length === 3))
  await announce(1, `${url}/${'path'.repeat(100)}?key=1`)
  await announce(1, `${url}/path`, { auth: { username: 'ann', password: 'secret' } })

  const infoHashes = Array.from({ length: 200 }, (_, n) => bytes(n))
  const rows = await UdpTracker.scrape(url, infoHashes, { timeout: TIMEOUT_MS })
  assert.equal(rows.length, infoHashes.length)

  // Silent: what is asked there is in flight until it is taken back.
  const silent = `${url}/silent`
  const lost = Array.from({ length: 100 }, (_, n) => create(n, silent))
  lost.forEach((tracker) => tracker.announce('started'))
  const controller = new AbortController()
  const aborted = UdpTracker.announce(silent, {
    peerId: bytes(1),
    infoHash: bytes(2),
    port: 6881,
    signal: controller.signal,
    timeout: TIMEOUT_MS
  })
  setImmediate(() => controller.abort())
  await assert.rejects(aborted)
  lost.forEach((tracker) => tracker.destroy())

  for (const bad of ['http://x', 'udp://', 'udp://a..b', `udp://${'x'.repeat(9000)}`, 7, null])
    await fails(bad)
  assert.equal(await fails(`${url}/refused`), 'unregistered torrent')
  assert.match(await fails('udp://256.256.256.256:1'), /256/)
  assert.ok(UdpTracker.stats())
}

async function main() {
  await everything()
  for (let n = 0; n < WORKERS; n++) {
    const worker = new Worker(__filename, { workerData: { url, ends: n !== 1 } })
    // Both at once: a worker that has ended hands over its last messages and its end in one go.
    const ended = once(worker, 'exit')
    const [message] = await once(worker, 'message')
    assert.equal(message, 'announced')
    if (n === 1) worker.terminate()
    await ended
  }
  // Left in flight when the process ends.
  create(1, `${url}/silent`).announce('started')
  console.log('done')
  process.exit(0)
}

async function inWorker() {
  await Promise.all(Array.from({ length: 20 }, (_, n) => announce(n)))
  create(1, `${url}/silent`).announce('started')
  parentPort.postMessage('announced')
  if (workerData.ends) process.exit(0)
}

if (isMainThread) main()
else inWorker()
