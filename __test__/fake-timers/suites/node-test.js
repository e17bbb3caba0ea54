// The mock timers of node:test, in a program: put on after the package is loaded, or before it with the argument
// `before`. These lead nowhere, so that a limit is of the mocked time there.
'use strict'

const { mock } = require('node:test')
const scenario = require('./scenario.cjs')

const { TRACKER_URL: url, SILENT_URL: silentUrl } = process.env
const load = () => require('bittorrent-udp-tracker')

async function main(before) {
  if (!before) load()
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate'] })
  const UdpTracker = load()
  await scenario.isAnswered(UdpTracker, url)
  await scenario.announcesAgain(UdpTracker, url, (ms) => mock.timers.tick(ms))
  if (!before) await scenario.givesUp(UdpTracker, silentUrl)
  mock.timers.reset()
  await scenario.isAnswered(UdpTracker, url)
  console.log('all is well')
}

main(process.argv[2] === 'before')
