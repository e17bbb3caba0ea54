// Tracker objects that announce in one tick, to one tracker with the system's default socket buffer.
'use strict'

const { DELAY_METRICS, watchDelay } = require('../lib/delay.js')
const { infoHashes, load } = require('../lib/implementations.js')
const { burst } = require('../lib/load.js')
const { fileDescriptors, peakMemory } = require('../lib/usage.js')

async function measure(implementation, { url, count }) {
  const { UdpTracker, keep } = await load(implementation)
  const hashes = infoHashes(count)
  const trackers = new Array(count)
  let systemError = null
  let descriptors = 0
  // The original says there, and nowhere else, that it has no socket.
  console.error = (error) => (systemError = systemError || (error && error.code))

  const delay = await watchDelay()
  const { answered, failed, nanoseconds } = await burst(
    (i, done) => (trackers[i] = keep(url, hashes[i], done)),
    { count, onTick: () => (descriptors = Math.max(descriptors, fileDescriptors())) }
  )
  const result = {
    seconds: answered === count ? nanoseconds / 1e9 : NaN,
    unanswered: count - answered,
    failed,
    descriptors: Math.max(descriptors, fileDescriptors()),
    peak: peakMemory() / 2 ** 20,
    ...delay()
  }
  if (UdpTracker.stats) result.retransmissions = UdpTracker.stats().retransmissions
  if (answered < count) result.note = systemError || 'datagrams were lost'
  return result
}

module.exports = {
  title: 'Burst: all announce in one tick, default socket buffers',
  quick: true,
  tracker: { receiveBuffer: 0 },
  variants: [
    {
      title: '10,000',
      options: { count: 10000 },
      implementations: ['ours', 'original'],
      fullOnly: true
    },
    {
      title: '100,000',
      options: { count: 100000 },
      implementations: ['ours', 'original'],
      quickImplementations: ['ours'],
      goals: {
        seconds: { limit: 2 },
        unanswered: { limit: 0 },
        descriptors: { limit: 50 },
        retransmissions: { limit: 0 }
      }
    }
  ],
  metrics: [
    {
      key: 'seconds',
      title: 'to the last update, s',
      better: 'lower',
      digits: 2
    },
    { key: 'unanswered', title: 'not answered in one go', better: 'lower', digits: 0 },
    { key: 'retransmissions', title: 'retransmissions', better: 'lower', digits: 0 },
    { key: 'descriptors', title: 'file descriptors', better: 'lower', digits: 0 },
    ...DELAY_METRICS,
    { key: 'peak', title: 'peak memory, MiB', better: 'lower', digits: 0 }
  ],
  measure
}
