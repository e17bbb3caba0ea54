// A test file for Jest and for Vitest that announces and leaves much behind in its globals: its context has to go with it.
'use strict'

/* global test, expect */

test('announces', async () => {
  globalThis.leftBehind = Array.from({ length: 100_000 }, (_, i) => ({ number: i, text: `${i}` }))
  const UdpTracker = (globalThis.UdpTracker = require('bittorrent-udp-tracker'))
  const [peerId, infoHash] = [Buffer.alloc(20, 1), Buffer.alloc(20, 2)]
  const answer = await UdpTracker.announce(process.env.TRACKER_URL, { peerId, infoHash, port: 1 })
  expect(answer.seeds).toBe(7)
  const tracker = new UdpTracker(peerId, infoHash, process.env.TRACKER_URL)
  tracker.announce(2)
  await UdpTracker.once(tracker, 'update')
  tracker.destroy()
})
