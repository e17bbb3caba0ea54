// A process that starts before the network, and a network whose addresses change. What waits is sent at once, and from another
// port.
'use strict'

const assert = require('node:assert/strict')
const { run, ip } = require('../support/fault.js')
const { startScriptedTracker } = require('../support/scripted-tracker.js')
const { UdpTracker, REQUEST, counted, createClient, nextUpdate } = require('../support/client.js')
const { isPortable } = require('../support/portable.js')
const wire = require('../support/wire.js')

const tracker = '10.9.8.7'

run(async (t) => {
  ip('link', 'add', 'net0', 'type', 'veth', 'peer', 'name', 'net1')
  ip('link', 'set', 'net1', 'up')
  const client = createClient(t, `udp://${tracker}:6969`)
  client.announce(2)
  const promise = UdpTracker.announce(`udp://${tracker}:6969`, { ...REQUEST, timeout: 3600000 })
  // By now the next repetition is as long away as it has been waited for already.
  await counted('sendErrors', 5)
  const errors = UdpTracker.stats().sendErrors
  ip('addr', 'add', `${tracker}/24`, 'dev', 'net0')
  ip('link', 'set', 'net0', 'up')
  let silent = false
  const scripted = await startScriptedTracker(t, {
    address: tracker,
    port: 6969,
    announce: (request) => (silent ? undefined : wire.announceResponse(request))
  })
  await Promise.all([nextUpdate(client), promise])
  assert.ok(UdpTracker.stats().sendErrors <= errors + 1, 'nothing was tried in vain')
  // The portable engine sees it within two seconds: a retransmission may be earlier.
  assert.ok(isPortable || UdpTracker.stats().freshPorts > 0)

  // The address that it sends from is another one; the old one is there still.
  const before = scripted.requests.at(-1).from.port
  silent = true
  client.announce(0, { force: true })
  const ports = UdpTracker.stats().freshPorts
  ip('addr', 'add', '10.9.9.1/24', 'dev', 'net0')
  await counted('freshPorts', ports + 1)
  silent = false
  client.announce(0, { force: true })
  await nextUpdate(client)
  assert.notEqual(scripted.requests.at(-1).from.port, before)
})
