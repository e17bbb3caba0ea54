// The broadcast address of a network that the machine is in: an error at once, as for any other address that is many's.
'use strict'

const assert = require('node:assert/strict')
const { run, ip } = require('../support/fault.js')
const { UdpTracker, REQUEST } = require('../support/client.js')

run(async () => {
  ip('link', 'add', 'net0', 'type', 'veth', 'peer', 'name', 'net1')
  ip('addr', 'add', '10.88.0.1/24', 'broadcast', '10.88.0.255', 'dev', 'net0')
  for (const end of ['net0', 'net1']) ip('link', 'set', end, 'up')
  await assert.rejects(UdpTracker.announce('udp://10.88.0.255:6969', REQUEST), {
    code: 'NETWORK',
    message: 'cannot send to tracker 10.88.0.255:6969: it is a broadcast address'
  })
})
