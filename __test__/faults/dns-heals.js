// The name server fails: a promise waits for it as long as it has time, and fails with that; an object waits. The name
// server works again: so does the announce that waits.
'use strict'

const assert = require('node:assert/strict')
const { run, useOwnResolver } = require('../support/fault.js')
const { startDnsServer } = require('../support/dns-server.js')
const { startScriptedTracker } = require('../support/scripted-tracker.js')
const { createClient, nextUpdate, REQUEST, UdpTracker } = require('../support/client.js')

run(async (t) => {
  useOwnResolver('timeout:1 attempts:1')
  let answer = 'fail'
  const server = await startDnsServer(t, () => answer)
  const tracker = await startScriptedTracker(t)
  const url = `udp://tracker.example:${tracker.port}`
  await assert.rejects(UdpTracker.announce(url, { ...REQUEST, timeout: 1000 }), {
    code: 'DNS',
    phase: 'lookup',
    message: 'cannot resolve tracker host tracker.example: Temporary failure in name resolution'
  })
  const client = createClient(t, url)
  client.announce(2)
  const promise = UdpTracker.announce(url, REQUEST)
  await server.asked('tracker.example')

  answer = '127.0.0.1'
  await nextUpdate(client)
  await promise
})
