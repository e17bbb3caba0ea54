// The system looks names up in the hosts file alone, which is a block list of 20,000 lines: each look-up takes a while, all of
// them keep every thread busy, and no name server is asked all the same.
'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { run, useOwnFile, useOwnResolver } = require('../support/fault.js')
const { startDnsServer } = require('../support/dns-server.js')
const { startScriptedTracker } = require('../support/scripted-tracker.js')
const { REQUEST, UdpTracker } = require('../support/client.js')

const BLOCKED = Array.from({ length: 20_000 }, (_, i) => `0.0.0.0 ad${i}.example\n`).join('')
const NAMES = Array.from({ length: 200 }, (_, i) => `tracker${i}.example`)

run(async (t) => {
  useOwnResolver('timeout:1 attempts:1')
  fs.writeFileSync('/etc/nsswitch.conf', 'hosts: files\n')
  useOwnFile('/etc/hosts', BLOCKED + NAMES.map((name) => `127.0.0.1 ${name}\n`).join(''))
  const server = await startDnsServer(t, () => '127.0.0.2')
  const { port } = await startScriptedTracker(t)
  const announce = (name) =>
    UdpTracker.announce(`udp://${name}:${port}`, { ...REQUEST, timeout: 60_000 })
  await Promise.all(NAMES.map(announce))
  await assert.rejects(announce('elsewhere.example'), {
    code: 'DNS',
    message: 'cannot resolve tracker host elsewhere.example: Name or service not known'
  })
  assert.deepEqual([...server.names], [])
})
