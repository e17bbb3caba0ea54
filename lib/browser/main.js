// The package as bundlers for browsers find it: all of it is there, and says when it is used that there is no UDP.
'use strict'

const { classOf, inNode, noUdp } = require('./no-udp.js')

const rejects = async () => noUdp()

// It can be iterated over, and ends at the first row.
async function* stream() {
  yield noUdp()
}

const stub = Object.assign(classOf('UdpTracker'), {
  announce: rejects,
  scrape: Object.assign(() => rejects(), { stream }),
  ping: rejects,
  once: rejects,
  drain: rejects,
  stats: noUdp,
  TrackerError: class TrackerError extends Error {}
})
stub.UdpTracker = stub

module.exports = inNode(module, '../../index.js') ?? stub
