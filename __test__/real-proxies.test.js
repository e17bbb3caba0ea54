// SOCKS5 proxies that other people wrote: dante carries our datagrams, microsocks refuses them.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { startDante, startMicrosocks } = require('./support/real-proxies.js')
const { UdpTracker, createClient, nextUpdate, INFO_HASH, REQUEST } = require('./support/client.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { runCommand } = require('./support/command-line.js')
const wire = require('./support/wire.js')
const { needs } = require('./support/needs.js')

const request = { ...REQUEST, _timeout: 100 }

test('dante carries announces and scrapes', { skip: needs('dante') }, async (t) => {
  const tracker = await startScriptedTracker(t, {
    announce: (request) => wire.announceResponse(request, { peers: ['1.2.3.4:5'] }),
    scrape: (request) =>
      wire.scrapeResponse(
        request,
        request.infoHashes.map(() => ({ seeds: 7 }))
      )
  })
  const transport = { proxy: (await startDante(t)).url }
  const { peers } = await UdpTracker.announce(tracker.url, { ...request, transport })
  assert.deepEqual(peers, ['1.2.3.4:5'])
  const hashes = Array.from({ length: 200 }, () => INFO_HASH)
  const rows = await UdpTracker.scrape(tracker.url, hashes, { transport })
  assert.equal(rows.length, 200)
})

test('dante resolves names', { skip: needs('dante') }, async (t) => {
  const tracker = await startScriptedTracker(t)
  const transport = { proxy: (await startDante(t)).url }
  await UdpTracker.announce(`udp://localhost:${tracker.port}`, { ...request, transport })
})

test('dante carries check and ping', { skip: needs('dante') }, async (t) => {
  const tracker = await startScriptedTracker(t)
  const { url } = await startDante(t)
  for (const host of ['127.0.0.1', 'localhost']) {
    for (const args of [['check'], ['ping', '--count', '2', '--interval', '0.2']]) {
      const [name, ...more] = args
      const target = `udp://${host}:${tracker.port}`
      const { code, stdout } = await runCommand(t, [name, target, '-4', ...more, '--proxy', url])
      assert.equal(code, 0, stdout)
    }
  }
})

test('dante is restarted while requests are in flight', { skip: needs('dante') }, async (t) => {
  let silent = true
  const tracker = await startScriptedTracker(t, {
    announce: (request) => (silent ? undefined : wire.announceResponse(request))
  })
  const dante = await startDante(t)
  const client = createClient(t, tracker.url, { _timeout: 100, transport: { proxy: dante.url } })
  client.announce(2)
  await tracker.nextAnnounce()
  await dante.stop()
  silent = false
  const updated = nextUpdate(client)
  await startDante(t, { port: dante.port })
  await updated
})

test('dante without UDP is an error that says so', { skip: needs('dante') }, async (t) => {
  const tracker = await startScriptedTracker(t)
  const transport = { proxy: (await startDante(t, { open: false })).url }
  await assert.rejects(UdpTracker.announce(tracker.url, { ...request, transport }), {
    code: 'NETWORK',
    message: /^cannot use proxy 127\.0\.0\.1:\d+: it (refused UDP: \w|hung up)/
  })
  assert.equal(tracker.requests.length, 0)
})

test('microsocks refuses UDP: an error that says so', { skip: needs('microsocks') }, async (t) => {
  const tracker = await startScriptedTracker(t)
  const open = await startMicrosocks(t)
  const closed = await startMicrosocks(t, '-u', 'anna', '-P', 'secret')
  const withPassword = `socks5h://anna:secret@127.0.0.1:${closed.port}`
  for (const [proxy, words] of [
    [open.url, 'it refused UDP: command not supported'],
    [withPassword, 'it refused UDP: command not supported'],
    [withPassword.replace('secret', 'wrong'), 'it refused the user name and the password'],
    [closed.url, 'it requires a user name and a password']
  ]) {
    await assert.rejects(UdpTracker.announce(tracker.url, { ...request, transport: { proxy } }), {
      code: 'NETWORK',
      message: `cannot use proxy 127.0.0.1:${new URL(proxy).port}: ${words}`
    })
  }
  assert.equal(tracker.requests.length, 0)
})
