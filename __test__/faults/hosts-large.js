// A hosts file of 200,000 lines, which transports with an address of their own read themselves: it is read once for all of
// them, and holds up nobody else.
'use strict'

const assert = require('node:assert/strict')
const { run, useOwnFile, useOwnResolver } = require('../support/fault.js')
const { startDnsServer } = require('../support/dns-server.js')
const { startScriptedTracker } = require('../support/scripted-tracker.js')
const { REQUEST, UdpTracker } = require('../support/client.js')

const TRANSPORTS = 20
const BLOCKED = Array.from({ length: 200_000 }, (_, i) => `0.0.0.0 ad${i}.example\n`).join('')
// A copy of the file for each would be a hundred.
const MOST_GROWTH = 20 << 20

run(async (t) => {
  useOwnResolver('timeout:1 attempts:1')
  useOwnFile('/etc/hosts', `${BLOCKED}127.0.0.1 tracker.example\n`)
  const server = await startDnsServer(t, () => '127.0.0.2')
  const tracker = await startScriptedTracker(t)
  const order = []
  const bound = (i) => {
    const transport = { localAddress: `127.0.1.${i}` }
    const url = `udp://tracker.example:${tracker.port}`
    return UdpTracker.announce(url, { ...REQUEST, transport }).then(() => order.push('bound'))
  }
  const first = bound(1)
  await UdpTracker.announce(tracker.url, REQUEST)
  order.push('free')
  await first
  assert.deepEqual(order, ['free', 'bound'])

  const before = process.memoryUsage.rss()
  await Promise.all(Array.from({ length: TRANSPORTS }, (_, i) => bound(i + 2)))
  const growth = process.memoryUsage.rss() - before
  assert.ok(growth < MOST_GROWTH, `${growth} bytes for ${TRANSPORTS} transports`)
  assert.deepEqual([...server.names], [])
})
