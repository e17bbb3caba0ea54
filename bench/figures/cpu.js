// Where an announce's CPU goes at 1,000 in flight: by thread, for each announce, and how busy each thread is.
'use strict'

const { performance } = require('node:perf_hooks')

const { infoHashes, load } = require('../lib/implementations.js')
const { sustain } = require('../lib/load.js')
const { spent, threads } = require('../lib/usage.js')

async function measure(implementation, { url, trackerPid, inFlight, seconds }) {
  const { announce } = await load(implementation)
  let own, tracker, loop
  const { answered, nanoseconds } = await sustain(
    (infoHash, done) => announce(url, infoHash, done),
    {
      inFlight,
      seconds,
      warmUp: 1,
      infoHashes: infoHashes(10000),
      onStart() {
        own = threads(process.pid)
        tracker = threads(trackerPid)
        loop = performance.eventLoopUtilization()
      },
      onEnd() {
        own = spent(own, threads(process.pid), process.pid)
        tracker = spent(tracker, threads(trackerPid), trackerPid)
        loop = performance.eventLoopUtilization(loop)
      }
    }
  )
  const each = (ns) => ns / 1000 / answered
  const busy = (ns) => (100 * ns) / nanoseconds
  return {
    main: each(own.main),
    engine: each(own.engine),
    others: each(own.others),
    all: each(own.all),
    mainBusy: busy(own.main),
    engineBusy: busy(own.engine),
    trackerBusy: busy(tracker.all),
    loopBusy: 100 * loop.utilization
  }
}

module.exports = {
  title: 'CPU of an announce, 1,000 in flight',
  tracker: {},
  seconds: { full: 2, quick: 1 },
  variants: [
    {
      title: '',
      options: { inFlight: 1000 },
      implementations: ['ours', 'portable', 'original', 'bittorrent-tracker']
    }
  ],
  metrics: [
    { key: 'main', title: 'main thread, µs', better: 'lower', digits: 2 },
    { key: 'engine', title: 'engine thread, µs', better: 'lower', digits: 2 },
    { key: 'others', title: 'other threads, µs', better: 'lower', digits: 2 },
    { key: 'all', title: 'whole process, µs', better: 'lower', digits: 2 },
    { key: 'mainBusy', title: 'main thread busy, %', digits: 0 },
    { key: 'engineBusy', title: 'engine thread busy, %', digits: 0 },
    { key: 'trackerBusy', title: 'tracker busy, %', digits: 0 },
    { key: 'loopBusy', title: 'event loop utilization, %', digits: 0 }
  ],
  measure
}
