// Tracker objects that have their answer and wait for their interval: what each takes, and what they cost meanwhile.
'use strict'

const { setTimeout: sleep } = require('node:timers/promises')

const { infoHashes, load } = require('../lib/implementations.js')
const { memory, memoryEach } = require('../lib/usage.js')

const AT_ONCE = 100

async function measure(implementation, { url, count, idleSeconds }) {
  const { keep } = await load(implementation)
  const hashes = infoHashes(count)
  const counters = hashes.map(() => ({ downloaded: 0, left: 1000, uploaded: 0 }))
  const trackers = new Array(count)
  await new Promise((resolve, reject) => {
    const done = { onUpdate: resolve, onError: reject }
    keep(url, hashes[0], done, { downloaded: 0, left: 1000, uploaded: 0 })
  })
  const before = memory()

  await new Promise((resolve, reject) => {
    let next = 0
    let answered = 0
    const one = () => {
      trackers[next] = keep(url, hashes[next], done, counters[next])
      next++
    }
    const done = {
      onUpdate() {
        if (++answered === count) resolve()
        else if (next < count) one()
      },
      onError: reject
    }
    for (let i = 0; i < AT_ONCE; i++) one()
  })
  await sleep(500)
  const each = memoryEach(before, memory(), count)

  await sleep(1000)
  const cpu = process.cpuUsage()
  await sleep(idleSeconds * 1000)
  const { user, system } = process.cpuUsage(cpu)
  return { ...each, idle: (user + system) / 1000 }
}

module.exports = {
  title: 'Waiting for the interval',
  tracker: {},
  seconds: { full: 10, quick: 10 },
  variants: [
    { title: '20,000', options: { count: 20000 }, implementations: ['ours', 'original'] },
    {
      title: '100,000',
      options: { count: 100000 },
      implementations: ['ours'],
      goals: { heapEach: { limit: 1536 } }
    }
  ],
  metrics: [
    { key: 'heapEach', title: 'JavaScript memory each, bytes', better: 'lower', digits: 0 },
    { key: 'rssEach', title: 'resident memory each, bytes', better: 'lower', digits: 0 },
    { key: 'idle', title: 'CPU in ten idle seconds, ms', better: 'lower', digits: 0 }
  ],
  measure
}
