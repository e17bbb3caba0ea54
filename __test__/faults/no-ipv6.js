// A network without IPv6: what has an IPv4 address is announced to, what has not is tried until there is IPv6.
'use strict'

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const { run, ip } = require('../support/fault')
const { startScriptedTracker } = require('../support/scripted-tracker')
const { UdpTracker, createClient, nextError, nextUpdate } = require('../support/client')

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
  const six = createClient(t, url, { _timeout: 10, family: 6 })
  six.announce(2)
  assert.match(
    await nextError(six),
    /^(tracker is not responding after:2560|cannot send to tracker)/
  )

  const errors = UdpTracker.stats().sendErrors
  const later = createClient(t, url, { _timeout: 100 })
  later.announce(2)
  while (UdpTracker.stats().sendErrors === errors) await new Promise(setImmediate)
  fs.writeFileSync('/proc/sys/net/ipv6/conf/all/disable_ipv6', '0')
  ip('link', 'set', 'lo', 'down')
  ip('link', 'set', 'lo', 'up')
  await startScriptedTracker(t, { family: 6, port: tracker.port })
  await nextUpdate(later)
})
