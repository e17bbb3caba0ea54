// A WebTorrent instance that has a file of random bytes and tells the tracker so.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'

// Nothing but trackers, and of those no others than the torrent's.
export const QUIET = {
  dht: false,
  lsd: false,
  utPex: false,
  natUpnp: false,
  natPmp: false,
  utp: false,
  webSeeds: false,
  tracker: { wrtc: false }
}

/** A folder for each program. */
export const downloads = (name) => path.join(process.env.DOWNLOADS, name)

export const announce = [process.env.TRACKER_URL]

export function fail(error) {
  console.error(error)
  process.exit(1)
}

/** {seeder, torrent, file} once everybody who asks the tracker is told of the seeder, which has all of the file. */
export async function seed(WebTorrent) {
  const file = randomBytes(1 << 20)
  file.name = 'file'
  const seeder = new WebTorrent(QUIET)
  seeder.on('error', fail)
  const torrent = seeder.seed(file, { announce, name: 'file', path: downloads('seeder') })
  torrent.on('warning', fail)
  // Somebody who asks before would be told of nobody, and ask again in half an hour.
  await Promise.all([once(torrent, 'seed'), once(torrent, 'trackerAnnounce')])
  return { seeder, torrent, file }
}
