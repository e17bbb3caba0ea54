// Worker threads: each has its own trackers and outcomes, and one that ends takes its requests with it.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { PRELUDE, startScript, startBareScript } = require('./support/child.js')

function assertExited({ code, signal, stderr }) {
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
}

// The script ends by itself, with nothing wrong, and has printed this.
async function assertPrints(child, stdout) {
  const result = await child.exit()
  assertExited(result)
  assert.equal(result.stdout, stdout)
}

// For a script's main thread: worker(code) runs code behind the prelude in a thread of its own.
const WORKERS = `
  const { Worker } = require('node:worker_threads')
  const { once } = require('node:events')
  const worker = (code) => new Worker(${JSON.stringify(PRELUDE)} + code, { eval: true })
`

const ANNOUNCE_AND_POST = JSON.stringify(`
  const tracker = create()
  tracker.on('update', (update) => {
    require('node:worker_threads').parentPort.postMessage(update)
  })
  tracker.announce(2)
`)

const announceMany = (url) =>
  JSON.stringify(`for (let i = 0; i < 500; i++) create('${url}').announce(2)`)

test('a worker announces, gets its update and ends by itself', async (t) => {
  const tracker = await startScriptedTracker(t)
  const child = startScript(
    t,
    `${WORKERS}
     const it = worker(${ANNOUNCE_AND_POST})
     it.on('message', (update) => console.log(JSON.stringify(update)))
     it.on('exit', (code) => console.log('exit', code))`,
    tracker.url
  )

  await assertPrints(child, '{"leechers":0,"seeds":0,"peers":[]}\nexit 0\n')
})

test('workers one after the other, with the package loaded in workers only', async (t) => {
  const tracker = await startScriptedTracker(t)
  const child = startBareScript(
    t,
    `${WORKERS}
     const main = async () => {
       for (let i = 0; i < 10; i++) {
         const it = worker(${ANNOUNCE_AND_POST})
         const [[code]] = await Promise.all([once(it, 'exit'), once(it, 'message')])
         if (code !== 0) throw new Error('exit ' + code)
       }
       console.log('done')
     }
     main()`,
    tracker.url
  )

  await assertPrints(child, 'done\n')
  assert.equal(tracker.announces.length, 10)
})

test('workers side by side each get their own updates', async (t) => {
  const tracker = await startScriptedTracker(t)
  const child = startScript(
    t,
    `${WORKERS}
     const main = async () => {
       const workers = Array.from({ length: 4 }, () => worker(${ANNOUNCE_AND_POST}))
       const own = create()
       own.announce(2)
       await Promise.all([once(own, 'update'), ...workers.map((it) => once(it, 'message'))])
       console.log('done')
     }
     main()`,
    tracker.url
  )

  await assertPrints(child, 'done\n')
})

test('a worker terminated in flight leaves the main thread its trackers', async (t) => {
  const quiet = await startScriptedTracker(t, { announce: silent })
  const tracker = await startScriptedTracker(t)
  const child = startScript(
    t,
    `${WORKERS}
     const it = worker(${announceMany(quiet.url)})
     onInput(async () => {
       console.log('terminated', await it.terminate())
       const own = create()
       own.on('update', () => console.log('update'))
       own.announce(2)
     })`,
    tracker.url
  )
  await quiet.nextAnnounce()
  child.wake()

  await assertPrints(child, 'terminated 1\nupdate\n')
})

test('workers terminated in flight, with the package loaded in workers only', async (t) => {
  const quiet = await startScriptedTracker(t, { announce: silent })
  const child = startBareScript(
    t,
    `${WORKERS}
     const workers = [1, 2, 3].map(() => worker(${announceMany(quiet.url)}))
     process.stdin.once('data', async () => {
       process.stdin.destroy()
       for (const it of workers) await it.terminate()
       console.log('done')
     })`,
    quiet.url
  )
  for (let i = 0; i < 3; i++) await quiet.nextAnnounce()
  child.wake()

  await assertPrints(child, 'done\n')
})

test('process.exit with workers in flight exits with its code', async (t) => {
  const quiet = await startScriptedTracker(t, { announce: silent })
  const child = startScript(
    t,
    `${WORKERS}
     worker(${announceMany(quiet.url)})
     worker(${announceMany(quiet.url)})
     for (let i = 0; i < 100; i++) create().announce(2)
     onInput(() => process.exit(0))`,
    quiet.url
  )
  await quiet.nextAnnounce()
  child.wake()

  assertExited(await child.exit())
})

test('a worker that calls process.exit in flight ends alone', async (t) => {
  const quiet = await startScriptedTracker(t, { announce: silent })
  const child = startScript(
    t,
    `${WORKERS}
     const it = worker('for (let i = 0; i < 100; i++) create().announce(2); process.exit(4)')
     it.on('exit', (code) => console.log('exit', code))`,
    quiet.url
  )

  await assertPrints(child, 'exit 4\n')
})

test("an exception in a listener in a worker is that worker's error", async (t) => {
  const tracker = await startScriptedTracker(t)
  const child = startScript(
    t,
    `${WORKERS}
     const it = worker(
       "const tracker = create(); tracker.on('update', () => { throw new Error('of the listener') }); tracker.announce(2)"
     )
     it.on('error', (err) => console.log(err.message))
     it.on('exit', (code) => console.log('exit', code))`,
    tracker.url
  )

  await assertPrints(child, 'of the listener\nexit 1\n')
})
