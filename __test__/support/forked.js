// Run by child_process.fork: announces once, tells its parent of the update and lets go of the channel.
'use strict'

const UdpTracker = require('../..')

const tracker = new UdpTracker('-XX0100-abcdefghijkl', Buffer.alloc(20, 7), process.env.TRACKER_URL)
tracker.on('update', (update) => process.send(update, () => process.disconnect()))
tracker.announce(2)
