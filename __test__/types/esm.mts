// Uses of the package from an ES module that must compile, and misuses that must not. Nothing here is run.

import UdpTracker, { announce, once, scrape, stats, TrackerError } from 'bittorrent-udp-tracker'
import { UdpTracker as ByName } from 'bittorrent-udp-tracker'
import { Client } from 'bittorrent-udp-tracker/bittorrent-tracker'
import type { AnnounceResult, Events, Options, ScrapeResult, Update } from 'bittorrent-udp-tracker'

const URL = 'udp://tracker.example.org:6969/announce'
const peerId = '-XX0100-abcdefghijkl'
const infoHash = 'ab'.repeat(20)

const options: Options = { port: 6881 }
const tracker: UdpTracker = new UdpTracker(peerId, infoHash, URL, options)
tracker.on('update', (update: Update) => update.peers.join())
tracker.on('error', (text) => text.length)
// @ts-expect-error the error is a string
tracker.on('error', (error: Error) => error.message)
tracker.announce('started', { left: 1n })

export class Own extends UdpTracker<Events & { mine: [] }> {}
new Own(peerId, infoHash, URL).emit('mine')

const named: ByName = new ByName(peerId, infoHash, URL)
const [{ seeds }] = await once(named, 'update')
console.log(seeds satisfies number)

// As WebTorrent makes it.
new Client({
  ...{ infoHash, peerId: new Uint8Array(20), announce: [URL], port: 6881 },
  ...{ rtcConfig: { iceServers: [] }, userAgent: 'WebTorrent/2', wrtc: false }
})

const result: AnnounceResult = await announce(URL, { peerId, infoHash, port: 1, timeout: 100 })
const same: UdpTracker.AnnounceResult = result
const rows: ScrapeResult[] = await scrape(URL, new Set([infoHash]))
const counters: UdpTracker.Stats = stats()
// @ts-expect-error it is not exported by itself
import { Session } from 'bittorrent-udp-tracker'

try {
  await UdpTracker.announce(URL, { peerId, infoHash, port: 1 })
} catch (error) {
  if (error instanceof TrackerError && error.code === 'TIMEOUT') {
    const narrowed: TrackerError = error
    const other: UdpTracker.TrackerError = narrowed
    console.log(other.message, same, rows, counters)
  }
}
