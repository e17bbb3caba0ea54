// The system gets another name server while a transport with an address of its own is in use.
'use strict'

const fs = require('node:fs')
const { run, useOwnResolver } = require('../support/fault.js')
const { startDnsServer } = require('../support/dns-server.js')
const { startScriptedTracker } = require('../support/scripted-tracker.js')
const { REQUEST, UdpTracker } = require('../support/client.js')

run(async (t) => {
  useOwnResolver('timeout:1 attempts:1')
  const servers = [
    await startDnsServer(t, () => '127.0.0.1'),
    await startDnsServer(t, () => '127.0.0.1', { address: '127.0.0.2' })
  ]
  const { port } = await startScriptedTracker(t)
  const transport = { localAddress: '127.0.0.1' }
  let asked = 0
  const announce = () =>
    UdpTracker.announce(`udp://name${asked++}.example:${port}`, { ...REQUEST, transport })
  await announce()
  await servers[0].asked('name0.example')
  fs.writeFileSync('/etc/resolv.conf', 'nameserver 127.0.0.2\n')
  while (servers[1].names.size === 0) await announce()
})
