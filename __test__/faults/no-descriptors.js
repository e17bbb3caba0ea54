// No file descriptor is left: for the engine, for its socket, for a look-up. Then there are some again.
'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { run } = require('../support/fault.js')
const { startScriptedTracker } = require('../support/scripted-tracker.js')
const {
  UdpTracker,
  createClient,
  nextError,
  nextUpdate,
  rejection,
  REQUEST
} = require('../support/client.js')

function takeAll() {
  const taken = []
  for (;;) {
    try {
      taken.push(fs.openSync(__filename))
    } catch (error) {
      assert.equal(error.code, 'EMFILE')
      return () => taken.forEach((descriptor) => fs.closeSync(descriptor))
    }
  }
}

run(async (t) => {
  const tracker = await startScriptedTracker(t)
  UdpTracker.stats() // the addon's file is open and closed again
  let giveBack = takeAll()
  const client = createClient(t, tracker.url, { _timeout: 50 })
  client.announce(2)
  assert.equal(await nextError(client), 'cannot start the tracker engine: Too many open files')
  const refused = await rejection(UdpTracker.announce(tracker.url, REQUEST))
  assert.deepEqual([refused.code, refused.cause.code], ['NETWORK', 'EMFILE'])
  giveBack()

  // An announce that needs no socket starts the engine.
  const useless = createClient(t, 'udp://')
  useless.announce(2)
  await nextError(useless)

  giveBack = takeAll()
  const named = createClient(t, `udp://localhost:${tracker.port}`)
  named.announce(2)
  assert.match(await nextError(named), /^cannot resolve tracker host localhost: \w/)

  client.announce(2)
  assert.match(
    await nextError(client),
    /^cannot send to tracker 127\.0\.0\.1:\d+: cannot open a socket: Too many open files$/
  )
  const { cause } = await rejection(UdpTracker.announce(tracker.url, REQUEST))
  assert.equal(cause.code, 'EMFILE')
  giveBack()
  client.announce(2)
  await nextUpdate(client)
  named.announce(2)
  await nextUpdate(named)

  // What a transport names is asked for without a descriptor, before each datagram.
  for (const transport of [{ localAddress: '127.0.0.1' }, { interface: 'lo' }]) {
    const bound = createClient(t, tracker.url, { _timeout: 50, transport })
    bound.announce(2)
    await nextUpdate(bound)
    giveBack = takeAll()
    bound.announce(0, { force: true })
    await nextUpdate(bound)
    giveBack()
    bound.destroy()
  }
})
