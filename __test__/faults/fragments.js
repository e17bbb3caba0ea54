// A link of 1,280 bytes: what is longer arrives in pieces, and nothing forbids a router to cut.
'use strict'

const assert = require('node:assert/strict')
const { run } = require('../support/fault.js')
const { TRACKER, TRACKER_V6, capture, startTwoNetworks } = require('../support/two-networks.js')
const { UdpTracker, INFO_HASH, REQUEST } = require('../support/client.js')

const request = { ...REQUEST, _timeout: 100 }

run(async (t) => {
  const outside = await startTwoNetworks(t)
  outside.unplug('eth0')
  await outside.plug('eth0', { mtu: 1280 })
  const link = await capture(t, 'eth0')
  const sixty = Array.from({ length: 60 }, () => INFO_HASH)
  for (const tracker of [TRACKER, `[${TRACKER_V6}]`]) {
    const rows = await UdpTracker.scrape(`udp://${tracker}:6969`, sixty)
    assert.equal(rows.length, 60)
    assert.equal((await outside.nextOf('scrape')).length, 16 + 60 * 20)
    await UdpTracker.announce(`udp://${tracker}:6969/${'a'.repeat(3000)}`, request)
    assert.ok((await outside.nextOf('announce')).length > 3000)
  }
  const packets = await link.packets('10.77.0.2')
  const ours = packets.filter((line) => /\b10\.77\.0\.1\b\S* > 198\.51\.100\.1/.test(line))
  // A connect, a scrape, and a long announce in three pieces.
  assert.equal(ours.length, 5)
  for (const line of ours) assert.doesNotMatch(line, /flags \[DF\]/)
})
