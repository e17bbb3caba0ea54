// Under load the application's event loop goes round: timers and sockets get their turn between outcomes.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { startHostileTracker } = require('./support/hostile-tracker.js')
const { PEER_ID, UdpTracker } = require('./support/client.js')
const { infoHash } = require('./support/numbered.js')

test('timers get their turn while answers come faster than listeners deal with them', async (t) => {
  const tracker = await startHostileTracker()
  t.after(() => tracker.stop())
  const hash = infoHash(0, 2 ** 31 - 1)
  let timers = 0
  let open = 0
  let begun = 0
  let timer = setTimeout(function again() {
    timers++
    timer = setTimeout(again, 1)
  }, 1)

  await new Promise((resolve, reject) => {
    const announce = () => {
      const client = new UdpTracker(PEER_ID, hash, tracker.url)
      client.on('error', (text) => reject(new Error(text)))
      client.on('update', () => {
        client.destroy()
        // A listener with something to do: meanwhile the next answers come.
        for (const end = performance.now() + 0.05; performance.now() < end;);
        open--
        if (begun < 30_000) announce()
        else if (open === 0) resolve()
      })
      begun++
      open++
      client.announce(2)
    }
    for (let i = 0; i < 1000; i++) announce()
  })
  clearTimeout(timer)
  // It takes 1.5 s at the least. Where all outcomes that came meanwhile are dealt with first, there are two or three.
  assert.ok(timers >= 10, `only ${timers} turns of the event loop in ${begun} announces`)
})
