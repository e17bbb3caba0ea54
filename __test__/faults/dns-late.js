// The process starts before its network: no interface is up, and no name server is there. Whoever waits is answered when both
// are.
'use strict'

const assert = require('node:assert/strict')
const dns = require('node:dns/promises')
const { ip, run, useOwnResolver } = require('../support/fault.js')
const { startDnsServer } = require('../support/dns-server.js')
const { startScriptedTracker } = require('../support/scripted-tracker.js')
const { createClient, nextUpdate, REQUEST, UdpTracker } = require('../support/client.js')

run(async (t) => {
  useOwnResolver('timeout:1 attempts:1')
  const tracker = await startScriptedTracker(t)
  ip('link', 'set', 'lo', 'down')
  const url = `udp://tracker.example:${tracker.port}`
  const client = createClient(t, url)
  client.announce(2)
  client.on('error', (text) => console.log(text))
  const promise = UdpTracker.announce(url, REQUEST)
  const scraped = UdpTracker.scrape(url, [REQUEST.infoHash])
  const isDown = { code: 'EAI_AGAIN' }
  for (let i = 0; i < 3; i++) await assert.rejects(dns.lookup('tracker.example'), isDown)

  ip('link', 'set', 'lo', 'up')
  await assert.rejects(dns.lookup('tracker.example'), isDown)
  await startDnsServer(t, () => '127.0.0.1')
  await nextUpdate(client)
  await promise
  await scraped
})
