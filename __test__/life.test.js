// Life and death, again and again: each script in a process of its own, by exit code, output, threads and descriptors.
// `npm run test:life` runs each fifty times in a row.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { PRELUDE, startScript, startBareScript } = require('./support/child.js')
const wire = require('./support/wire.js')

const TIMES = Number(process.env.TIMES) || 1

// For scripts: what this process holds, as far as the system tells (Linux).
const HOLDINGS = `
  const fs = require('node:fs')
  const holdings = () => {
    if (process.platform !== 'linux') return 'unknown'
    const count = (what) => fs.readdirSync('/proc/self/' + what).length
    return count('task') + ' threads, ' + count('fd') + ' descriptors'
  }
  // Threads of the system's resolver and of V8 come and go: waits until it is what it was.
  const settle = async (before) => {
    for (let i = 0; i < 200 && holdings() !== before; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    return holdings()
  }
`

const WORKERS = `
  const { Worker } = require('node:worker_threads')
  const { once } = require('node:events')
  const PRELUDE = ${JSON.stringify(PRELUDE)}
  const worker = (code) => new Worker(PRELUDE + code, { eval: true })
  const ENDS = "create().on('update', function () { this.destroy() }).announce(2)"
  const STAYS = (url) => \`
    for (let i = 0; i < 100; i++) create('\${url}').announce(2)
    setImmediate(() => require('node:worker_threads').parentPort.postMessage('in flight'))\`
  // Ten at once: five announce and end, five are terminated in flight.
  const round = async () => {
    const ends = [1, 2, 3, 4, 5].map(() => worker(ENDS))
    const stays = [1, 2, 3, 4, 5].map(() => worker(STAYS(process.env.SILENT_URL)))
    const codes = await Promise.all([
      ...ends.map(async (it) => (await once(it, 'exit'))[0]),
      ...stays.map(async (it) => { await once(it, 'message'); return it.terminate() })
    ])
    if (codes.join() !== '0,0,0,0,0,1,1,1,1,1') throw new Error('exit codes ' + codes)
  }
`

// Trackers' listeners in `create` chains: EventEmitter#on returns the tracker, announce does not.
const SCENARIOS = {
  'process.exit with 1,000 in flight': {
    announce: silent,
    code: `for (let i = 0; i < 1000; i++) create().announce(2)
           onInput(() => process.exit(7))`,
    wake: (tracker) => tracker.nextAnnounce(),
    exit: 7
  },
  'an exception in a listener of update': {
    code: `let updates = 0, exceptions = 0
           process.on('uncaughtException', (err) => { exceptions += err.message === 'mine' })
           for (let i = 0; i < 100; i++) {
             create().on('update', () => { updates++; if (i % 2) throw new Error('mine') }).announce(2)
           }
           process.on('exit', () => console.log(updates, exceptions))`,
    stdout: '100 50\n'
  },
  'workers that end and workers that are terminated, while the main thread announces': {
    code: `${WORKERS}${HOLDINGS}
           let over = false
           const work = () => {
             const tracker = create()
             tracker.on('update', () => { tracker.destroy(); if (!over) work() })
             tracker.announce(2)
           }
           ;(async () => {
             work()
             await round()
             const before = holdings()
             for (let i = 0; i < 3; i++) await round()
             const after = await settle(before)
             over = true
             console.log(after === before ? 'nothing left' : before + ' became ' + after)
           })()`,
    stdout: 'nothing left\n'
  },
  'the package in workers only': {
    bare: true,
    code: `${WORKERS}${HOLDINGS}
           ;(async () => {
             await round()
             const before = holdings()
             for (let i = 0; i < 3; i++) await round()
             const after = await settle(before)
             console.log(after === before ? 'nothing left' : before + ' became ' + after)
           })()`,
    stdout: 'nothing left\n'
  },
  'destroy in listeners of update, error and scrape': {
    announce: (request) =>
      request.port === 1
        ? wire.errorResponse(request, 'no')
        : wire.announceResponse(request, { interval: 1 }),
    code: `const seen = { update: 0, error: 0, scrape: 0 }
           for (let i = 0; i < 50; i++) {
             for (const event of ['update', 'error', 'scrape']) {
               const tracker = create(undefined, { port: event === 'error' ? 1 : 2 })
               const twin = create()
               for (const name of ['update', 'error', 'scrape']) {
                 twin.on(name, () => {})
                 tracker.on(name, () => { seen[name]++; tracker.destroy(); twin.destroy(); tracker.destroy() })
               }
               if (event === 'scrape') tracker.scrape()
               else tracker.announce(2)
               twin.announce(2)
             }
           }
           process.on('exit', () => console.log(JSON.stringify(seen)))`,
    stdout: '{"update":50,"error":50,"scrape":50}\n'
  },
  'garbage collection while trackers are in flight': {
    // Every third send is answered: there are two waits in between.
    announce: (request, self) =>
      self.announces.filter(({ key }) => key === request.key).length < 3
        ? undefined
        : wire.announceResponse(request),
    code: `require('node:v8').setFlagsFromString('--expose-gc')
           const gc = require('node:vm').runInNewContext('gc')
           let updates = 0
           const refs = []
           const begin = (key) => {
             const tracker = create(undefined, { _timeout: 20, key })
             tracker.on('update', function () { updates++; this.destroy() })
             tracker.announce(2)
             return new WeakRef(tracker)
           }
           for (let i = 0; i < 100; i++) refs.push(begin(i))
           const left = () => refs.filter((ref) => ref.deref() !== undefined).length
           let turns = 0
           const turn = () => {
             gc()
             if (left() + updates < 100) console.log('collected in flight')
             // What has ended is collected: from the turn after its update on, in a few.
             if (updates < 100 || (left() > 0 && turns++ < 100)) setTimeout(turn, 5)
             else console.log(updates, 'updates,', left(), 'left')
           }
           turn()`,
    stdout: '100 updates, 0 left\n'
  },
  'a forked process with the package in both': {
    code: `create().on('update', () => {
             const child = require('node:child_process').fork(process.env.FORKED)
             child.on('message', () => console.log('child updated'))
             child.on('exit', (code, signal) => console.log('child', code, signal))
             create().on('update', () => console.log('parent updated')).announce(2)
           }).announce(2)`,
    env: { FORKED: require.resolve('./support/forked') },
    lines: ['child 0 null', 'child updated', 'parent updated']
  },
  SIGTERM: {
    announce: silent,
    code: 'for (let i = 0; i < 1000; i++) create().announce(2)',
    wake: (tracker, child) => tracker.nextAnnounce().then(() => child.process.kill('SIGTERM')),
    exit: null,
    signal: 'SIGTERM',
    skip: process.platform === 'win32' && 'there are no signals'
  },
  'SIGTERM with a handler that destroys': {
    announce: silent,
    code: `const trackers = Array.from({ length: 1000 }, () => create())
           process.once('SIGTERM', () => { for (const tracker of trackers) tracker.destroy() })
           for (const tracker of trackers) tracker.announce(2)`,
    wake: (tracker, child) => tracker.nextAnnounce().then(() => child.process.kill('SIGTERM')),
    skip: process.platform === 'win32' && 'there are no signals'
  }
}

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  const { code, bare, env, wake, announce, skip } = scenario
  const { exit = 0, signal = null, stdout = '', lines } = scenario
  test(TIMES > 1 ? `${name}, ${TIMES} times in a row` : name, { skip }, async (t) => {
    const quiet = await startScriptedTracker(t, { announce: silent })
    for (let i = 0; i < TIMES; i++) {
      const tracker = await startScriptedTracker(t, announce ? { announce } : {})
      const start = bare ? startBareScript : startScript
      const child = start(t, code, tracker.url, { SILENT_URL: quiet.url, ...env })
      if (wake) {
        await wake(tracker, child)
        child.wake()
      }
      const result = await child.exit()
      if (lines) result.stdout = result.stdout.trim().split('\n').sort()
      assert.deepEqual(result, { code: exit, signal, stdout: lines || stdout, stderr: '' })
      await tracker.close()
    }
  })
}
