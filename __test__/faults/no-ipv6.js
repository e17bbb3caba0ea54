// A network without IPv6: what has an IPv4 address is announced to, what has not fails at once until there is IPv6.
'use strict'

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const { run, ip } = require('../support/fault.js')
const { startScriptedTracker } = require('../support/scripted-tracker.js')
const { UdpTracker, REQUEST, createClient, nextError, nextUpdate } = require('../support/client.js')

run(async (t) => {
  fs.writeFileSync('/proc/sys/net/ipv6/conf/all/disable_ipv6', '1')
  const hosts = '/tmp/hosts-of-a-test'
  fs.writeFileSync(hosts, '127.0.0.1 both.example\n::1 both.example\n::1 six.example\n')
  execFileSync('mount', ['--bind', hosts, '/etc/hosts'])
  fs.rmSync(hosts)

  const tracker = await startScriptedTracker(t)
  const both = createClient(t, `udp://both.example:${tracker.port}`)
  both.announce(2)
  await nextUpdate(both)

  const url = `udp://[::1]:${tracker.port}`
  const six = createClient(t, url)
  six.announce(2)
  const message = `cannot send to tracker [::1]:${tracker.port}: this machine has no route over IPv6`
  assert.equal(await nextError(six), message)

  // Neither waits for its time.
  const request = { ...REQUEST, timeout: 3600000 }
  const url6 = `udp://six.example:${tracker.port}`
  await assert.rejects(UdpTracker.announce(url6, request), { code: 'NETWORK', message })
  const outcomes = await UdpTracker.announce(`udp://both.example:${tracker.port}`, {
    ...request,
    family: 'both'
  })
  assert.equal(outcomes[6].message, message)

  fs.writeFileSync('/proc/sys/net/ipv6/conf/all/disable_ipv6', '0')
  ip('link', 'set', 'lo', 'down')
  ip('link', 'set', 'lo', 'up')
  await startScriptedTracker(t, { family: 6, port: tracker.port })
  six.announce(2)
  await nextUpdate(six)
})
