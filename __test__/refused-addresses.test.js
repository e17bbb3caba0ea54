// Addresses that are nobody's or many's are an error at once and never sent to; those that mean this machine are asked here.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { UdpTracker, createClient, nextError, INFO_HASH, REQUEST } = require('./support/client.js')
const { withoutIPv6 } = require('./support/loopback.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')

const request = { ...REQUEST, _timeout: 50 }

for (const [host, address, reason] of [
  ['224.0.0.1', '224.0.0.1', 'it is a multicast address'],
  ['239.255.255.250', '239.255.255.250', 'it is a multicast address'],
  ['255.255.255.255', '255.255.255.255', 'it is a broadcast address'],
  ['0.0.0.1', '0.0.0.1', 'no host has this address'],
  ['[ff02::1]', 'ff02::1', 'it is a multicast address'],
  ['[::ffff:224.0.0.1]', '::ffff:224.0.0.1', 'it is a multicast address'],
  ['[100::1]', '100::1', 'no host has this address']
]) {
  test(`udp://${host} is refused: ${reason}`, async (t) => {
    const { sent } = UdpTracker.stats()
    const message = `cannot send to tracker ${address}: ${reason}`
    await assert.rejects(UdpTracker.announce(`udp://${host}:6969`, request), {
      code: 'NETWORK',
      message
    })
    await assert.rejects(UdpTracker.scrape(`udp://${host}:6969`, [INFO_HASH]), { code: 'NETWORK' })
    const client = createClient(t, `udp://${host}:6969`)
    client.announce(2)
    assert.equal(await nextError(client), message)
    assert.equal(UdpTracker.stats().sent, sent)
  })
}

test('a host that has one such address among others is asked at the others', async (t) => {
  const tracker = await startScriptedTracker(t)
  const transport = { lookup: async () => ['224.0.0.1', 'ff02::1', '127.0.0.1'] }
  await UdpTracker.announce(`udp://mixed.example:${tracker.port}`, { ...request, transport })
})

test('0.0.0.0 means this machine', async (t) => {
  const tracker = await startScriptedTracker(t)
  await UdpTracker.announce(`udp://0.0.0.0:${tracker.port}`, request)
})

test(':: means this machine', { skip: withoutIPv6 }, async (t) => {
  const tracker = await startScriptedTracker(t, { family: 6 })
  await UdpTracker.announce(`udp://[::]:${tracker.port}`, request)
})
