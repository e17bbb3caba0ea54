// The name server fails: an error that says so. It works again: so does the announce.
'use strict'

const assert = require('node:assert/strict')
const { run, useOwnResolver } = require('../support/fault')
const { startDnsServer } = require('../support/dns-server')
const { startScriptedTracker } = require('../support/scripted-tracker')
const { createClient, nextError, nextUpdate } = require('../support/client')

run(async (t) => {
  useOwnResolver('timeout:1 attempts:1')
  let answer = 'fail'
  await startDnsServer(t, () => answer)
  const tracker = await startScriptedTracker(t)
  const client = createClient(t, `udp://tracker.example:${tracker.port}`)
  client.announce(2)
  assert.match(await nextError(client), /^cannot resolve tracker host tracker\.example: \w/)

  answer = '127.0.0.1'
  client.announce(2)
  await nextUpdate(client)
})
