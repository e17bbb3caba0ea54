// A listener that spins the event loop by itself until another tracker's update is there.
'use strict'

const deasync = require('deasync')
const UdpTracker = require('bittorrent-udp-tracker')

const { TRACKER_URL: url } = process.env
const COUNT = 20

let updates = 0
let nested = 0

function create(port, onUpdate) {
  const tracker = new UdpTracker('-XX0100-abcdefghijkl', Buffer.alloc(20, port), url, { port })
  tracker.on('update', (update) => {
    if (update.leechers !== port) throw new Error(`${update.leechers} is another's answer`)
    tracker.destroy()
    onUpdate()
  })
  tracker.announce('started')
}

function end() {
  if (++updates === COUNT) console.log(`${updates} updates, ${nested} from within`)
}

for (let port = 1; port <= COUNT; port++) {
  create(port, () => {
    let isDone = false
    create(1000 + port, () => (isDone = true))
    deasync.loopWhile(() => !isDone)
    nested++
    end()
  })
}
