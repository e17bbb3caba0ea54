// What an application of bittorrent-tracker needs to have this package behind its `udp:` trackers.
'use strict'

const Client = require('./client.js')
const UDPTracker = require('./udp-tracker.js')
const patch = require('./patch.js')

module.exports = { Client, UDPTracker, patch }
