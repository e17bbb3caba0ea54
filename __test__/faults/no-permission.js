// The system forbids the way to the tracker, as a firewall does, and allows it again.
'use strict'

const { run, ip } = require('../support/fault.js')
const { startScriptedTracker } = require('../support/scripted-tracker.js')
const { counted, createClient, nextUpdate } = require('../support/client.js')

run(async (t) => {
  ip('addr', 'add', '10.9.8.7/32', 'dev', 'lo')
  const tracker = await startScriptedTracker(t, { address: '10.9.8.7' })
  ip('rule', 'add', 'to', '10.9.8.7', 'pref', '0', 'prohibit')
  ip('rule', 'add', 'pref', '1', 'lookup', 'local')
  ip('rule', 'del', 'pref', '0', 'lookup', 'local')
  const client = createClient(t, tracker.url, { _timeout: 100 })
  client.announce(2)
  await counted('sendErrors', 1)
  ip('rule', 'del', 'to', '10.9.8.7', 'prohibit')
  await nextUpdate(client)
})
