// The process of many clients that start, and then all at once stop and are destroyed. Prints how many UDP sockets it had.
//
//   leave.mjs IMPLEMENTATION COUNT

import fs from 'node:fs'

import { load } from './implementations.mjs'

const [implementation, count] = process.argv.slice(2)
const Client = await load(implementation)

const clients = Array.from({ length: count }, (_, i) => {
  return new Client({
    infoHash: (i + 1).toString(16).padStart(40, '0'),
    peerId: '2d'.repeat(20),
    port: 6881,
    announce: process.env.TRACKER_URL,
    wrtc: false
  })
})

await Promise.all(
  clients.map((client) => {
    const started = new Promise((resolve, reject) => {
      client.once('update', resolve)
      client.once('warning', reject)
    })
    client.start()
    return started
  })
)
const ended = clients.map((client) => {
  client.stop()
  return new Promise((resolve) => client.destroy(resolve))
})
console.log(sockets())
await Promise.all(ended)

// Of this process, as Linux lists them.
function sockets() {
  const inodes = ['udp', 'udp6'].flatMap((name) =>
    fs
      .readFileSync(`/proc/net/${name}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/)[9])
  )
  const open = fs.readdirSync('/proc/self/fd').map((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return '' // the one that lists them
    }
  })
  return inodes.filter((inode) => open.includes(`socket:[${inode}]`)).length
}
