#!/usr/bin/env node
'use strict'

// What `bittorrent-udp-tracker` runs: nothing but the way into main.js, which an old Node could not load.

if (typeof require('node:util').parseArgs !== 'function') {
  console.error(
    `bittorrent-udp-tracker: the command line needs Node.js 18.3 or later, this is ${process.version}`
  )
  process.exitCode = 2
} else {
  require('./main.js').main(process.argv.slice(2))
}
