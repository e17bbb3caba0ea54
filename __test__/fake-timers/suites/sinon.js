// sinon's timers, in a program: put on after the package is loaded, or before it with the argument `before`.
'use strict'

const sinon = require('sinon')
const scenario = require('./scenario.cjs')

const { TRACKER_URL: url, SILENT_URL: silentUrl } = process.env
const load = () => require('bittorrent-udp-tracker')

async function main(before) {
  if (!before) load()
  const toFake = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate']
  const clock = sinon.useFakeTimers({ toFake: [...toFake, 'nextTick', 'queueMicrotask', 'Date'] })
  const UdpTracker = load()
  await scenario.isAnswered(UdpTracker, url)
  await scenario.announcesAgain(UdpTracker, url, (ms) => clock.tick(ms))
  await scenario.givesUp(UdpTracker, silentUrl)
  clock.restore()
  await scenario.isAnswered(UdpTracker, url)
  console.log('all is well')
}

main(process.argv[2] === 'before')
