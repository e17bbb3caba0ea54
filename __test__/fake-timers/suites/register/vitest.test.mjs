// Vitest, with register in NODE_OPTIONS: the trackers of CommonJS and of ES modules are ours, and announce.

import { once } from 'node:events'
import { expect, test } from 'vitest'
import Nine from 'bittorrent-tracker'
import Eleven from '../../../../compat/bittorrent-tracker/node_modules/bittorrent-tracker-11/index.js'

const announce = process.env.TRACKER_URL
const torrent = { infoHash: 'ab'.repeat(20), peerId: 'cd'.repeat(20), port: 7, wrtc: false }

for (const [name, Client] of Object.entries({ Nine, Eleven })) {
  test(name, async () => {
    const client = new Client({ ...torrent, announce, transport: { localAddress: '127.0.0.1' } })
    expect(client._transport).toBeDefined()
    expect(client._trackers[0].constructor.toString()).toContain('extends UDPTracker')
    const updated = once(client, 'update')
    client.start()
    const [{ complete, incomplete }] = await updated
    expect([complete, incomplete]).toEqual([7, 7])
    client.destroy()
  })
}
