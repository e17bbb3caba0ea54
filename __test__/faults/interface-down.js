// The network interface is down before the first send, goes down while an announce is in flight, and loses its address.
'use strict'

const { run, ip } = require('../support/fault.js')
const { startScriptedTracker } = require('../support/scripted-tracker.js')
const { UdpTracker, counted, createClient, nextUpdate } = require('../support/client.js')
const wire = require('../support/wire.js')

// Two more of what the engine counts.
const more = (counter) => counted(counter, UdpTracker.stats()[counter] + 2)

run(async (t) => {
  let silent = false
  ip('addr', 'add', '10.9.8.7/32', 'dev', 'lo')
  const tracker = await startScriptedTracker(t, {
    address: '10.9.8.7',
    announce: (request) => (silent ? undefined : wire.announceResponse(request))
  })
  const client = createClient(t, tracker.url, { _timeout: 100 })

  ip('link', 'set', 'lo', 'down')
  client.announce(2)
  await more('sent')
  ip('link', 'set', 'lo', 'up')
  await nextUpdate(client)

  for (const [breaks, repairs, counter] of [
    [['link', 'set', 'lo', 'down'], ['link', 'set', 'lo', 'up'], 'sent'],
    [
      ['addr', 'del', '10.9.8.7/32', 'dev', 'lo'],
      ['addr', 'add', '10.9.8.7/32', 'dev', 'lo'],
      'sendErrors'
    ]
  ]) {
    silent = true
    const announces = tracker.announces.length
    client.announce(2, { force: true })
    while (tracker.announces.length === announces) await tracker.nextAnnounce()
    ip(...breaks)
    await more(counter)
    silent = false
    ip(...repairs)
    await nextUpdate(client)
  }
})
