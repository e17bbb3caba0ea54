// What keeps the torrents of a bittorrent-tracker client announced: another attempt after a failure, and both families.
'use strict'

// First of all: on Bun it is made of the globals when it is asked for, and has to keep the genuine ones for the package.
const { setTimeout: genuine } = require('node:timers')
// The waits of retries, in the hands of a test: those of `setTimeout` that are longer than any of a test's own.
const waiting = new Set()
globalThis.setTimeout = function setTimeout(callback, wait, ...details) {
  if (wait < 15_000) return genuine(callback, wait, ...details)
  const timer = { wait, unref() {}, fire: () => waiting.delete(timer) && callback(...details) }
  waiting.add(timer)
  return timer
}
const { clearTimeout: genuineClear } = globalThis
globalThis.clearTimeout = (timer) => waiting.delete(timer) || genuineClear(timer)

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { once } = require('node:events')
const { Client } = require('../lib/bittorrent-tracker/index.js')
const { withoutIPv6 } = require('./support/loopback.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { INFO_HASH, PEER_ID } = require('./support/client.js')
const wire = require('./support/wire.js')

const refusing = { announce: (request) => wire.errorResponse(request, 'unregistered torrent') }

function createClient(t, announce, opts) {
  const client = new Client({ infoHash: INFO_HASH, peerId: PEER_ID, announce, port: 6881, ...opts })
  t.after(() => client.destroy())
  return client
}

const onlyWait = () => {
  assert.equal(waiting.size, 1)
  return [...waiting][0]
}

test('a failed announce is made again within a minute, with its event and the numbers of by then', async (t) => {
  const tracker = await startScriptedTracker(t, refusing)
  let left = 10
  const client = createClient(t, tracker.url, { getAnnounceOpts: () => ({ left: left-- }) })
  client.start()
  await once(client, 'warning')
  assert.ok(onlyWait().wait >= 48_000 && onlyWait().wait <= 60_000)
  tracker.script.announce = (request) => wire.announceResponse(request)
  const { length } = tracker.announces
  onlyWait().fire()
  await once(client, 'update')
  const { event, left: said } = tracker.announces[length]
  assert.deepEqual([event, said], [2, 9n])
  assert.equal(waiting.size, 0)
})

test('the waits grow with the failures, and start over after an answer', async (t) => {
  const tracker = await startScriptedTracker(t, refusing)
  const client = createClient(t, tracker.url)
  client.start()
  const waits = []
  for (let i = 0; i < 3; i++) {
    await once(client, 'warning')
    waits.push(onlyWait().wait)
    if (i < 2) onlyWait().fire()
  }
  assert.ok(waits[0] < waits[1] && waits[1] < waits[2], waits.join())
  tracker.script.announce = (request) => wire.announceResponse(request)
  onlyWait().fire()
  await once(client, 'update')
  tracker.script.announce = refusing.announce
  client.update()
  await once(client, 'warning')
  assert.ok(onlyWait().wait <= 60_000)
})

test('an announce of the application replaces it, and destroy ends it', async (t) => {
  const tracker = await startScriptedTracker(t, refusing)
  const client = createClient(t, tracker.url)
  client.start()
  await once(client, 'warning')
  client.complete()
  assert.equal(waiting.size, 0)
  await once(client, 'warning')
  assert.equal(waiting.size, 1)
  client.destroy()
  assert.equal(waiting.size, 0)
})

test('nothing is made again behind stop, nor where no interval runs', async (t) => {
  const tracker = await startScriptedTracker(t, refusing)
  const client = createClient(t, tracker.url)
  client.update()
  await once(client, 'warning')
  assert.equal(waiting.size, 0)
  client.start()
  await once(client, 'warning')
  client.stop()
  await once(client, 'warning')
  assert.equal(waiting.size, 0)
})

test('the interval is up to a tenth longer than what the tracker says', async (t) => {
  const tracker = await startScriptedTracker(t)
  const periods = []
  const client = createClient(t, tracker.url)
  const [inner] = client._trackers
  inner.setInterval = (ms) => periods.push(ms)
  for (let i = 0; i < 20; i++) {
    client.update()
    await once(client, 'update')
  }
  assert.ok(periods.every((ms) => ms >= 1_800_000 && ms <= 1_980_000))
  assert.ok(new Set(periods).size > 10)
})

test(
  'it announces over both families, with one key, unless it is told otherwise',
  { skip: withoutIPv6 },
  async (t) => {
    let four, six
    while (six === undefined) {
      four = await startScriptedTracker(t)
      six = await startScriptedTracker(t, { family: 6, port: four.port }).catch(() => undefined)
    }
    const lookup = async () => ['127.0.0.1', '::1']
    const url = `udp://both.test:${four.port}`
    const client = createClient(t, url, { transport: { lookup } })
    let updates = 0
    const both = new Promise((resolve) => client.on('update', () => ++updates === 2 && resolve()))
    client.start()
    await both
    assert.equal(four.announces[0].key, six.announces[0].key)

    const single = createClient(t, url, { transport: { lookup }, family: 6 })
    single.start()
    await once(single, 'update')
    assert.deepEqual([four.announces.length, six.announces.length], [1, 2])
  }
)

test('the environment says the family where nobody else does', async (t) => {
  const tracker = await startScriptedTracker(t)
  process.env.BITTORRENT_UDP_TRACKER_FAMILY = '6'
  t.after(() => delete process.env.BITTORRENT_UDP_TRACKER_FAMILY)
  const client = createClient(t, tracker.url)
  client.start()
  const [{ code, message }] = await once(client, 'warning')
  assert.equal(code, 'DNS')
  assert.match(message, /has no IPv6 address/)
  const own = createClient(t, tracker.url, { family: 4 })
  own.start()
  await once(own, 'update')
})
