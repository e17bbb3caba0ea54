// Routes that refuse what is sent, each in its own way, are all waited for.
'use strict'

const { run, ip } = require('../support/fault.js')
const { startScriptedTracker } = require('../support/scripted-tracker.js')
const { UdpTracker, counted, createClient, nextUpdate } = require('../support/client.js')

const address = '10.9.8.7'

run(async (t) => {
  for (const kind of ['blackhole', 'unreachable', 'prohibit']) {
    ip('route', 'add', kind, `${address}/32`)
    const client = createClient(t, `udp://${address}:6969`, { _timeout: 100 })
    const errors = UdpTracker.stats().sendErrors
    client.announce(2)
    await counted('sendErrors', errors + 2)
    ip('route', 'del', kind, `${address}/32`)
    ip('addr', 'add', `${address}/32`, 'dev', 'lo')
    const tracker = await startScriptedTracker(t, { address, port: 6969 })
    await nextUpdate(client)
    client.destroy()
    await tracker.close()
    ip('addr', 'del', `${address}/32`, 'dev', 'lo')
  }
})
