// The entry point for applications on bittorrent-tracker as bundlers for browsers find it. There bittorrent-tracker has no UDP
// either, so that nothing is left to patch.
'use strict'

const { classOf, inNode } = require('./no-udp.js')

const stub = {
  Client: classOf('Client'),
  UDPTracker: classOf('UDPTracker'),
  patch: () => () => {}
}

module.exports = inNode(module, '../bittorrent-tracker/index.js') ?? stub
