// The delay of the event loop: how late a timer of one millisecond is.
'use strict'

const { monitorEventLoopDelay } = require('node:perf_hooks')
const { setTimeout: sleep } = require('node:timers/promises')

// The timer has to fire once before it knows how late it is.
const FIRST = 20

/** Starts to look; the function returned stops and gives milliseconds. A loop at rest shows about one. */
async function watchDelay() {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  await sleep(FIRST)
  return () => {
    histogram.disable()
    const milliseconds = (nanoseconds) => nanoseconds / 1e6
    return {
      delayMedian: milliseconds(histogram.percentile(50)),
      delayP99: milliseconds(histogram.percentile(99)),
      delayMax: milliseconds(histogram.max)
    }
  }
}

const DELAY_METRICS = [
  { key: 'delayMedian', title: 'event-loop delay p50, ms', better: 'lower', digits: 1 },
  { key: 'delayP99', title: 'event-loop delay p99, ms', better: 'lower', digits: 1 },
  { key: 'delayMax', title: 'event-loop delay max, ms', better: 'lower', digits: 0 }
]

module.exports = { DELAY_METRICS, watchDelay }
