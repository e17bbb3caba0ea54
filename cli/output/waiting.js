// What a request waits for, in words, by what the package tells on its channels: "connecting…, sent again (2)". Only for
// terminals: the engine tells of datagrams while somebody listens.
'use strict'

const diagnosticsChannel = require('node:diagnostics_channel')

const WORDS = { connect: 'connecting…', announce: 'announcing…', scrape: 'scraping…' }
const LOOKING_UP = 'looking up the host…'

class Waiting {
  constructor({ isWatched, isAddress }) {
    this.words = isAddress ? WORDS.connect : LOOKING_UP
    this.again = 0
    this.began = performance.now()
    if (!isWatched) return
    diagnosticsChannel.subscribe('bittorrent-udp-tracker:send', ({ request, attempt }) => {
      this.words = WORDS[request]
      this.again = attempt - 1
    })
  }

  toString() {
    const seconds = Math.floor((performance.now() - this.began) / 1000)
    const again = this.again > 0 ? `, sent again (${this.again})` : ''
    return `${this.words}${again}${seconds > 0 ? `  ${seconds} s` : ''}`
  }
}

module.exports = Waiting
