// A host gets another address, by its name server or by the hosts file: while an announce to the old one is in flight, and
// within the minute that a look-up is good for.
'use strict'

const fs = require('node:fs')
const { run, useOwnFile, useOwnResolver } = require('../support/fault.js')
const { startDnsServer } = require('../support/dns-server.js')
const { startScriptedTracker } = require('../support/scripted-tracker.js')
const { createClient, nextUpdate, REQUEST, UdpTracker } = require('../support/client.js')

run(async (t) => {
  useOwnResolver('timeout:1 attempts:1')
  useOwnFile('/etc/hosts', '127.0.0.2 in-file.example\n')
  let answer = '127.0.0.2'
  await startDnsServer(t, () => answer)
  const tracker = await startScriptedTracker(t)
  const { port } = tracker
  const deaf = await startScriptedTracker(t, { address: '127.0.0.2', port, connect: () => [] })
  const urls = ['in-file.example', 'served.example'].map((host) => `udp://${host}:${port}`)
  const clients = urls.map((url) => createClient(t, url))
  for (const client of clients) client.announce(2)
  const promises = urls.map((url) => UdpTracker.announce(url, REQUEST))
  await deaf.nextConnect()

  answer = '127.0.0.1'
  fs.writeFileSync('/etc/hosts', '127.0.0.1 in-file.example\n')
  await Promise.all([...clients.map((client) => nextUpdate(client)), ...promises])

  // They move once more, with connection IDs and within the minute.
  await tracker.close()
  answer = '127.0.0.3'
  fs.writeFileSync('/etc/hosts', '127.0.0.3 in-file.example\n')
  await startScriptedTracker(t, { address: '127.0.0.3', port })
  await Promise.all(urls.map((url) => UdpTracker.announce(url, REQUEST)))
})
