// The fields that applications and the original's tests read, before, during and after an announce.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { UdpTracker, INFO_HASH, PEER_ID } = require('./support/client.js')
const { createClient, nextUpdate, nextError } = require('./support/client.js')
const wire = require('./support/wire.js')

const URL = 'udp://127.0.0.1:6969'

test('a new tracker has what it was made from', () => {
  const opts = { port: 0x1234, _timeout: 100, own: 'left alone' }
  const client = new UdpTracker(PEER_ID, INFO_HASH, URL, opts)

  assert.ok(Buffer.isBuffer(client.peerId) && Buffer.isBuffer(client.infoHash))
  assert.deepEqual(client.peerId, PEER_ID)
  assert.deepEqual(client.infoHash, INFO_HASH)
  assert.equal(client.announceUrl, URL)
  assert.equal(client.opts, opts)
  assert.deepEqual(opts, { port: 0x1234, _timeout: 100, own: 'left alone' })
  assert.ok(Buffer.isBuffer(client.port))
  assert.deepEqual(client.port, Buffer.from([0x12, 0x34]))
  assert.equal(client._timeout, 100)
})

test("a new tracker has the caller's own Buffers, whose later bytes are not what it announces", async (t) => {
  const tracker = await startScriptedTracker(t)
  const [peerId, infoHash] = [Buffer.from(PEER_ID), Buffer.from(INFO_HASH)]
  const client = new UdpTracker(peerId, infoHash, tracker.url)
  t.after(() => client.destroy())
  assert.ok(client.peerId === peerId && client.infoHash === infoHash)
  for (const bytes of [peerId, infoHash]) bytes.fill(0)
  client.announce(2)
  const announce = await tracker.nextAnnounce()
  assert.deepEqual([announce.peerId, announce.infoHash], [PEER_ID, INFO_HASH])
})

test('a new tracker has infoHash and peerId as Buffers when they were given as strings', () => {
  const client = new UdpTracker('ä'.repeat(10), '0123456789'.repeat(4), URL)

  assert.deepEqual(client.peerId, Buffer.from('c3a4'.repeat(10), 'hex'))
  assert.deepEqual(client.infoHash, Buffer.from('0123456789'.repeat(4), 'hex'))
})

test('a new tracker has infoHash and peerId as Buffers when they were given as Uint8Arrays', () => {
  const client = new UdpTracker(new Uint8Array(20).fill(1), new Uint8Array(20).fill(2), URL)

  assert.ok(Buffer.isBuffer(client.peerId) && Buffer.isBuffer(client.infoHash))
  assert.deepEqual(client.peerId, Buffer.alloc(20, 1))
  assert.deepEqual(client.infoHash, Buffer.alloc(20, 2))
})

test('without options a tracker has port 0 and a timeout of 15 s', () => {
  for (const opts of [undefined, null, {}]) {
    const client = new UdpTracker(PEER_ID, INFO_HASH, URL, opts)
    assert.deepEqual(client.opts, {})
    assert.deepEqual(client.port, Buffer.from([0, 0]))
    assert.equal(client._timeout, 15000)
  }
})

test('a new tracker has no interval, no timer, nothing in flight', () => {
  const client = new UdpTracker(PEER_ID, INFO_HASH, URL)

  assert.equal(client.interval, null)
  assert.equal(client._in_interval, false)
  assert.equal(client._last_opts, null)
  assert.equal(client.destoryed, false)
  assert.deepEqual(client._announce_intervals_timeout, [])
  assert.equal(client._socket, null)
  assert.deepEqual(client._udpTimmers, [])
})

test('_socket is there while an announce is in flight, and null from its event on', async (t) => {
  const tracker = await startScriptedTracker(t, { announce: silent })
  const client = createClient(t, tracker.url)
  client.announce(2)
  assert.ok(client._socket, 'at once')
  const request = await tracker.nextAnnounce()
  assert.ok(client._socket, 'when the request has reached the tracker')

  let inListener
  client.once('update', () => (inListener = client._socket))
  const updated = nextUpdate(client)
  await tracker.send(wire.announceResponse(request), request)
  await updated

  assert.equal(inListener, null)
  assert.equal(client._socket, null)
})

test('_socket is null from the event of a failed announce on', async (t) => {
  const tracker = await startScriptedTracker(t, {
    announce: (request) => wire.errorResponse(request, 'not today')
  })
  const client = createClient(t, tracker.url)
  let inListener
  client.once('error', () => (inListener = client._socket))
  client.announce(2)
  await nextError(client)

  assert.equal(inListener, null)
  assert.equal(client._socket, null)
})

test('_last_opts is the opts object of the latest announce, with its event', async (t) => {
  const tracker = await startScriptedTracker(t)
  const client = createClient(t, tracker.url)
  const opts = { left: 1 }
  client.announce(2, opts)

  assert.equal(client._last_opts, opts)
  assert.equal(client._last_opts.event, 2)
  await nextUpdate(client)
  assert.equal(client._last_opts, opts)
})

test('opts that cannot be written to are announced all the same', async (t) => {
  const tracker = await startScriptedTracker(t)
  const client = createClient(t, tracker.url)
  client.announce(3, Object.freeze({ left: 5 }))
  await nextUpdate(client)

  assert.deepEqual([tracker.announces[0].event, tracker.announces[0].left], [3, 5n])
})

test('an answer sets interval, _in_interval and one timer, before update is emitted', async (t) => {
  const tracker = await startScriptedTracker(t, {
    announce: (request) => wire.announceResponse(request, { interval: 1234 })
  })
  const client = createClient(t, tracker.url)
  let seen
  client.once('update', () => {
    const timers = [...client._announce_intervals_timeout]
    seen = { interval: client.interval, inInterval: client._in_interval, timers }
  })
  client.announce(2)
  await nextUpdate(client)

  assert.equal(seen.interval, 1234)
  assert.equal(seen.inInterval, true)
  assert.equal(seen.timers.length, 1)
  assert.equal(typeof seen.timers[0].hasRef, 'function', 'a timer of Node')
  assert.equal(seen.timers[0].hasRef(), false, 'that does not keep the process alive')
})

test('a tracker is an EventEmitter with the methods of the contract', () => {
  const client = new UdpTracker(PEER_ID, INFO_HASH, URL)

  assert.ok(client instanceof require('node:events').EventEmitter)
  for (const method of ['announce', 'destroy', 'destory']) {
    assert.equal(typeof client[method], 'function', method)
  }
})
