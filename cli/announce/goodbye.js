// Says "stopped", at each tracker and over each family once: a tracker is left with nothing, unless the peer is to stay.
'use strict'

const UdpTracker = require('../../index.js')

// How long the end waits for the answer, and after Ctrl-C for it to be sent.
const GOODBYE_MS = 3000
const LAST_WORD_MS = 200

class Goodbye {
  constructor(url, request) {
    this.url = url
    this.request = request
    this.said = new Map()
  }

  /** Resolves when the tracker has taken it; rejects with a TrackerError. */
  say(family) {
    if (!this.said.has(family)) {
      const timeout = Math.min(this.request.timeout, GOODBYE_MS)
      const last = {
        ...this.request,
        family,
        event: 'stopped',
        numWant: 0,
        timeout,
        signal: undefined
      }
      this.said.set(family, UdpTracker.announce(this.url, last))
    }
    return this.said.get(family)
  }

  /** Resolves when it has been sent, whatever becomes of it. */
  async send(families) {
    if (families.length === 0) return
    const sent = new Promise((resolve) => setTimeout(resolve, LAST_WORD_MS))
    await Promise.race([Promise.allSettled(families.map((family) => this.say(family))), sent])
  }
}

module.exports = Goodbye
