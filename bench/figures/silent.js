// Announces in flight to a tracker that never answers: what each takes, and what they cost while nothing happens.
'use strict'

const { setTimeout: sleep } = require('node:timers/promises')

const { DELAY_METRICS, watchDelay } = require('../lib/delay.js')
const { infoHashes, load } = require('../lib/implementations.js')
const { fileDescriptors, memory, memoryEach } = require('../lib/usage.js')

const SETTLES_WITHIN = 3

async function measure(implementation, { url, count, idleSeconds }) {
  const { keep } = await load(implementation)
  const hashes = infoHashes(count)
  const counters = hashes.map(() => ({ downloaded: 0, left: 1000, uploaded: 0 }))
  const trackers = new Array(count)
  let ended = 0
  const done = { onUpdate: () => ended++, onError: () => ended++ }
  // Starts what is started once a process.
  const first = keep(url, hashes[0], done, { downloaded: 0, left: 1000, uploaded: 0 })
  await sleep(200)
  const before = memory()

  const delay = await watchDelay()
  for (let i = 0; i < count; i++) trackers[i] = keep(url, hashes[i], done, counters[i])
  await sleep(SETTLES_WITHIN * 1000)
  const delays = delay()
  const each = memoryEach(before, memory(), count)

  await sleep(1000)
  const cpu = process.cpuUsage()
  await sleep(idleSeconds * 1000)
  const { user, system } = process.cpuUsage(cpu)
  if (ended > 0) throw new Error(`${ended} announces ended`)
  const descriptors = fileDescriptors()
  first.destory()
  return { ...each, ...delays, descriptors, idle: (user + system) / 1000 }
}

module.exports = {
  title: 'In flight to a tracker that never answers',
  tracker: 'silent',
  seconds: { full: 10, quick: 10 },
  variants: [
    {
      title: '10,000',
      options: { count: 10000 },
      implementations: ['ours', 'original']
    },
    {
      title: '100,000',
      options: { count: 100000 },
      implementations: ['ours'],
      goals: { nativeEach: { limit: 1024 }, delayP99: { limit: 20 }, descriptors: { limit: 50 } }
    }
  ],
  metrics: [
    { key: 'nativeEach', title: 'native memory each, bytes', better: 'lower', digits: 0 },
    { key: 'heapEach', title: 'JavaScript memory each, bytes', better: 'lower', digits: 0 },
    { key: 'rssEach', title: 'resident memory each, bytes', better: 'lower', digits: 0 },
    { key: 'descriptors', title: 'file descriptors', better: 'lower', digits: 0 },
    ...DELAY_METRICS,
    { key: 'idle', title: 'CPU in ten idle seconds, ms', better: 'lower', digits: 0 }
  ],
  measure
}
