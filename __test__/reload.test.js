// A module that is dropped (Jest's registry, mocha --watch, a server that reloads) is freed, with its session and its thread.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { EXPOSE_GC, startBareScript } = require('./support/child.js')
const { isBun } = require('./support/runtimes.js')
const wire = require('./support/wire.js')

// load() is the package anew; drop() forgets every copy of it, as whoever wants it gone has to; untilFreed(ref) collects
// garbage until what it refers to is gone, or a hundred times.
const RELOAD = `${EXPOSE_GC}
  const { setImmediate: nextTurn } = require('node:timers/promises')
  const { PACKAGE_ROOT: root, TRACKER_URL: url } = process.env
  const request = { peerId: Buffer.alloc(20, 1), infoHash: Buffer.alloc(20, 2), port: 6881 }
  // A parent of its own, which would keep it among its children.
  const load = () => require('node:module').createRequire(root + '/')(root)
  const drop = () => {
    for (const file of Object.keys(require.cache)) delete require.cache[file]
  }
  const untilFreed = async (refs, rounds = 100) => {
    const left = () => refs.filter((ref) => ref.deref() !== undefined).length
    for (let i = 0; i < rounds && left() > 0; i++) {
      // What a WeakRef has been asked for stays until the turn is over.
      await nextTurn()
      gc()
      await nextTurn()
    }
    return left()
  }
`

// What a copy of the package is asked for before it is dropped; each returns its constructor, for a WeakRef.
const USES = `
  const uses = {
    announce: (UdpTracker) => UdpTracker.announce(url, request),
    scrape: (UdpTracker) => UdpTracker.scrape(url, [request.infoHash]),
    stats: (UdpTracker) => UdpTracker.stats(),
    lookup: (UdpTracker) => {
      const lookup = async () => ['127.0.0.1']
      const named = url.replace('127.0.0.1', 'tracker.test')
      return UdpTracker.announce(named, { ...request, transport: { lookup } })
    },
    aborted: async (UdpTracker) => {
      const controller = new AbortController()
      const announced = UdpTracker.announce(url, { ...request, signal: controller.signal })
      setImmediate(() => controller.abort())
      await announced.catch(() => {})
    },
    destroyed: async (UdpTracker) => {
      const tracker = new UdpTracker(request.peerId, request.infoHash, url)
      tracker.announce(2)
      tracker.scrape()
      await UdpTracker.once(tracker, 'update')
      tracker.destroy()
    },
    drained: async (UdpTracker) => {
      new UdpTracker(request.peerId, request.infoHash, url).on('update', function () { this.destroy() }).announce(3)
      await UdpTracker.drain()
    },
    diagnosed: async (UdpTracker) => {
      const channels = require('node:diagnostics_channel')
      const heard = () => {}
      channels.subscribe('bittorrent-udp-tracker:send', heard)
      await UdpTracker.announce(url, request)
      channels.unsubscribe('bittorrent-udp-tracker:send', heard)
    }
  }
`

// The script's only line of output.
async function output(t, code, tracker) {
  const child = startBareScript(
    t,
    `${RELOAD}\nconst main = async () => {${code}}\nmain()`,
    tracker.url
  )
  const { code: status, stderr, stdout } = await child.exit()
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
  return stdout.trim()
}

test('a copy of the package is freed as soon as nothing that it asked for is in flight', async (t) => {
  const tracker = await startScriptedTracker(t)
  const left = await output(
    t,
    `${USES}
     const left = {}
     for (const [name, use] of Object.entries(uses)) {
       const once = async () => {
         const UdpTracker = load()
         await use(UdpTracker)
         return new WeakRef(UdpTracker)
       }
       const ref = await once()
       drop()
       if (await untilFreed([ref]) > 0) left[name] = 'is not freed'
     }
     console.log(JSON.stringify(left))`,
    tracker
  )
  assert.deepEqual(JSON.parse(left), {})
})

test('sixty copies leave no memory behind, and the last one no thread', async (t) => {
  const tracker = await startScriptedTracker(t)
  const said = await output(
    t,
    `const fs = require('node:fs')
     const once = async () => {
       const UdpTracker = load()
       await UdpTracker.announce(url, request)
       return new WeakRef(UdpTracker)
     }
     const round = async (count) => {
       const refs = []
       for (let i = 0; i < count; i++) {
         refs.push(await once())
         drop()
       }
       return untilFreed(refs)
     }
     const used = () => {
       const { heapUsed, external } = process.memoryUsage()
       return heapUsed + external
     }
     await round(5)
     const before = used()
     const threads = () => process.platform !== 'linux' ? [] : fs.readdirSync('/proc/self/task').filter((task) =>
       fs.readFileSync('/proc/self/task/' + task + '/comm', 'latin1').startsWith('bittorrent-udp'))
     const left = await round(60)
     // What is outside the heap ends in a later turn than the last copy.
     for (let i = 0; i < 100 && (used() - before > 3e6 || threads().length > 0); i++) {
       await nextTurn()
       gc()
     }
     console.log(JSON.stringify({ left, threads: threads(), megabytes: (used() - before) / 1e6 }))`,
    tracker
  )
  const { left, threads, megabytes } = JSON.parse(said)
  // Bun finalizes what is of an addon in its own time.
  assert.deepEqual({ left, threads: isBun ? [] : threads }, { left: 0, threads: [] })
  assert.ok(megabytes < 3, `${megabytes} MB`)
})

test('what a dropped copy has in flight still arrives, and keeps the process alive', async (t) => {
  const tracker = await startScriptedTracker(t, {
    // Only a repetition is answered: there has been time for garbage by then.
    announce: (request, self) =>
      self.announces.length < 3 ? silent() : wire.announceResponse(request, { seeds: 7 })
  })
  const said = await output(
    t,
    `const start = () => {
       const UdpTracker = load()
       const tracker = new UdpTracker(request.peerId, request.infoHash, url, { _timeout: 50 })
       tracker.on('update', ({ seeds }) => { console.log('seeds', seeds); tracker.destroy() })
       tracker.announce(2)
     }
     start()
     drop()
     await untilFreed([new WeakRef(globalThis)], 3)`,
    tracker
  )
  assert.equal(said, 'seeds 7')
})

test('a worker thread reloads the package like any other', async (t) => {
  const tracker = await startScriptedTracker(t)
  const said = await output(
    t,
    `const { Worker } = require('node:worker_threads')
     const code = ${JSON.stringify(`{ ${RELOAD}
       const main = async () => {
         const once = async () => {
           const UdpTracker = load()
           await UdpTracker.announce(url, request)
           return new WeakRef(UdpTracker)
         }
         const refs = []
         for (let i = 0; i < 5; i++) {
           refs.push(await once())
           drop()
         }
         console.log('left', await untilFreed(refs))
       }
       main() }`)}
     const worker = new Worker(code, { eval: true })
     await require('node:events').once(worker, 'exit')`,
    tracker
  )
  assert.equal(said, 'left 0')
})
