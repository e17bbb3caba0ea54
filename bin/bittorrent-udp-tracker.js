#!/usr/bin/env node
// What `bittorrent-udp-tracker` runs: nothing but the way into cli/main.js, which an old Node could not load.
'use strict'

if (typeof require('node:util').parseArgs !== 'function') {
  console.error(
    `bittorrent-udp-tracker: the command line needs Node.js 18.3 or later, this is ${process.version}`
  )
  process.exitCode = 2
} else {
  require('../cli/main.js').main(process.argv.slice(2))
}
