// Stands in for WebRTC by way of a browser: bittorrent-tracker's tests wait for it to be ready and then mock what they
// would need of it.
'use strict'

const { EventEmitter } = require('node:events')

module.exports = function electronWebrtc() {
  const electronDaemon = new EventEmitter()
  setImmediate(() => electronDaemon.emit('ready'))
  return { electronDaemon, close() {} }
}
