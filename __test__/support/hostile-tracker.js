// Runs testbed/hostile_tracker.rs, a tracker in a process of its own, and talks to it.
'use strict'

const { TestBed } = require('./test-bed.js')

class HostileTracker extends TestBed {
  /** Forges `count` datagrams, at most `rate` a second unless it is 0. Resolves when they are sent. */
  flood(count, rate = 0) {
    return this.ask(`flood ${count} ${rate}`)
  }

  counts() {
    return this.ask('counts')
  }
}

/** Starts a tracker on free ports of 127.0.0.1 that loses `loss` percent of the requests and as many answers. */
async function startHostileTracker({ loss = 0, seed = 1, ports = 1 } = {}) {
  const tracker = new HostileTracker('hostile_tracker', [loss, seed, ports])
  tracker.ports = (await tracker.next()).ports
  tracker.urls = tracker.ports.map((port) => `udp://127.0.0.1:${port}`)
  tracker.url = tracker.urls[0]
  return tracker
}

module.exports = { startHostileTracker }
