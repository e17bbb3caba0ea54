// The name server says nothing about some hosts. Others are announced to all the same, and the process ends at once by
// destroy() or, with the argument `exit`, by process.exit.
'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { run, useOwnResolver } = require('../support/fault.js')
const { startDnsServer } = require('../support/dns-server.js')
const { startScriptedTracker } = require('../support/scripted-tracker.js')
const { createClient, nextUpdate } = require('../support/client.js')

const HANGING = 2500
// Those of Node.js, the engine's and the ones that look-ups block.
const MOST_THREADS = 100

run(async (t) => {
  // A minute for each look-up, longer than the test waits for the end of this process.
  useOwnResolver('timeout:30 attempts:2')
  const server = await startDnsServer(t, (name) => (name.startsWith('dead') ? 'hang' : '127.0.0.1'))
  const tracker = await startScriptedTracker(t)
  const hanging = []
  for (let i = 0; i < HANGING; i++) {
    const client = createClient(t, `udp://dead${i}.example:6969`)
    client.on('error', (text) => console.log(text))
    client.announce(2)
    hanging.push(client)
  }
  await server.asked('dead0.example')

  const client = createClient(t, `udp://alive.example:${tracker.port}`)
  client.announce(2)
  await nextUpdate(client)
  const threads = fs.readdirSync('/proc/self/task').length
  assert.ok(threads < MOST_THREADS, `${threads} threads`)

  if (process.argv[2] === 'exit') process.exit(3)
  for (const client of hanging) client.destroy()
})
