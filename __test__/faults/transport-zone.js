// A tracker at a link-local address: its zone says on which link.
'use strict'

const assert = require('node:assert/strict')
const { run } = require('../support/fault.js')
const { startTwoNetworks } = require('../support/two-networks.js')
const { UdpTracker, REQUEST } = require('../support/client.js')

const request = { ...REQUEST, _timeout: 100 }

run(async (t) => {
  const outside = await startTwoNetworks(t)
  await outside.tell({ listen: 'fe80::66:2%tun0-there' })
  for (const zone of ['%25tun0', '%tun0']) {
    const { interval } = await UdpTracker.announce(`udp://[fe80::66:2${zone}]:6969`, request)
    assert.equal(interval, 1800)
  }
  // The interface that is chosen is zone enough.
  await UdpTracker.announce('udp://[fe80::66:2]:6969', {
    ...request,
    transport: { interface: 'tun0' }
  })
  for (const { from } of outside.take()) assert.match(from, /^fe80:/)
  await assert.rejects(UdpTracker.announce('udp://[fe80::66:2%25nope]:6969', request), {
    code: 'NETWORK',
    message: 'there is no network interface nope'
  })
})
