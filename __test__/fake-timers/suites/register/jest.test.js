// Jest, with register in NODE_OPTIONS: the trackers are ours, and announce.
'use strict'

/* global expect, test */

const { once } = require('node:events')
const Client = require('bittorrent-tracker')

const announce = process.env.TRACKER_URL
const torrent = { infoHash: 'ab'.repeat(20), peerId: 'cd'.repeat(20), port: 7, wrtc: false }

test('bittorrent-tracker', async () => {
  const client = new Client({ ...torrent, announce, transport: { localAddress: '127.0.0.1' } })
  expect(client._transport).toBeDefined()
  expect(client._trackers[0].constructor.toString()).toContain('extends UDPTracker')
  const updated = once(client, 'update')
  client.start()
  const [{ complete, incomplete }] = await updated
  expect([complete, incomplete]).toEqual([7, 7])
  client.destroy()
})
