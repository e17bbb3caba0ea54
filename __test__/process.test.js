// Process life: what keeps a process running, what lets it exit, and what an exception does to it.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { startScript } = require('./support/child.js')
const wire = require('./support/wire.js')

function assertExited({ code, signal, stderr }, expected = 0) {
  assert.deepEqual({ code, signal, stderr }, { code: expected, signal: null, stderr: '' })
}

test('a script that announces and prints the update exits without destroy', async (t) => {
  const tracker = await startScriptedTracker(t, {
    announce: (request) => wire.announceResponse(request, { seeds: 7, peers: ['1.2.3.4:5678'] })
  })
  const child = startScript(
    t,
    `const tracker = create()
     tracker.on('update', (update) => console.log(JSON.stringify(update)))
     tracker.announce('started')`,
    tracker.url
  )

  const result = await child.exit()
  assertExited(result)
  assert.equal(result.stdout, '{"leechers":0,"seeds":7,"peers":["1.2.3.4:5678"]}\n')
})

test('a script that only makes trackers exits', async (t) => {
  const child = startScript(t, 'for (let i = 0; i < 100; i++) create()', 'udp://127.0.0.1:6969')
  assertExited(await child.exit())
})

for (const phase of ['connect', 'announce']) {
  test(`a ${phase} request in flight keeps the process alive until it is answered`, async (t) => {
    // Only the third send is answered: the process has to live through the waits before it.
    const tracker = await startScriptedTracker(t, {
      [phase]: (request, self) => {
        if (self[`${phase}s`].length < 3) return undefined
        return phase === 'connect'
          ? wire.connectResponse(request, self.issueConnectionId())
          : wire.announceResponse(request)
      }
    })
    const child = startScript(
      t,
      `const tracker = create(undefined, { _timeout: 50 })
       tracker.on('update', () => console.log('update'))
       tracker.announce(2)`,
      tracker.url
    )

    const result = await child.exit()
    assertExited(result)
    assert.equal(result.stdout, 'update\n')
  })
}

test('a request in flight keeps the process alive until it fails', async (t) => {
  const tracker = await startScriptedTracker(t, { connect: silent })
  const child = startScript(
    t,
    `const tracker = create(undefined, { _timeout: 2 })
     tracker.on('error', (text) => console.log(text))
     tracker.announce(2)`,
    tracker.url
  )

  const result = await child.exit()
  assertExited(result)
  assert.equal(result.stdout, 'tracker is not responding after:512\n')
})

test('a name that does not resolve keeps the process alive until the error', async (t) => {
  const child = startScript(
    t,
    `const tracker = create('udp://nonexistent.invalid:6969')
     tracker.on('error', (text) => console.log(text))
     tracker.announce(2)`
  )

  const result = await child.exit()
  assertExited(result)
  assert.match(result.stdout, /nonexistent\.invalid/)
})

test('destroy of what is in flight lets the process exit', async (t) => {
  const tracker = await startScriptedTracker(t, { announce: silent })
  const child = startScript(
    t,
    `const trackers = [create(), create(), create()]
     trackers.forEach((tracker) => tracker.announce(2))
     onInput(() => trackers.forEach((tracker) => tracker.destroy()))`,
    tracker.url
  )
  await tracker.nextAnnounce()
  child.wake()

  assertExited(await child.exit())
})

test('destroy while a name is being looked up lets the process exit', async (t) => {
  const child = startScript(
    t,
    `const tracker = create('udp://nonexistent.invalid:6969')
     tracker.on('error', () => console.log('an error after destroy'))
     tracker.announce(2)
     setImmediate(() => tracker.destroy())`
  )

  const result = await child.exit()
  assertExited(result)
  assert.equal(result.stdout, '')
})

test('process.exit with thousands in flight exits with its code, each time', async (t) => {
  for (const code of [0, 7, 0, 0]) {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const child = startScript(
      t,
      `for (let i = 0; i < 3000; i++) create().announce(2)
       onInput(() => process.exit(${code}))`,
      tracker.url
    )
    await tracker.nextAnnounce()
    child.wake()

    assertExited(await child.exit(), code)
  }
})

test('process.exit in the tick of the first announce exits with its code', async (t) => {
  const tracker = await startScriptedTracker(t, { announce: silent })
  const child = startScript(t, 'create().announce(2); process.exit(3)', tracker.url)

  assertExited(await child.exit(), 3)
})

test('process.exit in a listener of update exits with its code', async (t) => {
  const tracker = await startScriptedTracker(t)
  const child = startScript(
    t,
    `for (let i = 0; i < 100; i++) {
       const tracker = create()
       tracker.on('update', () => process.exit(5))
       tracker.announce(2)
     }`,
    tracker.url
  )

  assertExited(await child.exit(), 5)
})

test('an exception in a listener is uncaught, and all other outcomes still arrive', async (t) => {
  const tracker = await startScriptedTracker(t)
  const child = startScript(
    t,
    `let updates = 0
     let exceptions = 0
     process.on('uncaughtException', (err) => {
       if (err.message !== 'of the listener') throw err
       exceptions += 1
     })
     for (let i = 0; i < 50; i++) {
       const tracker = create()
       tracker.on('update', () => {
         updates += 1
         if (i % 2 === 0) throw new Error('of the listener')
       })
       tracker.announce(2)
     }
     process.on('exit', () => console.log(updates, exceptions))`,
    tracker.url
  )

  const result = await child.exit()
  assertExited(result)
  assert.equal(result.stdout, '50 25\n')
})

test('an unhandled exception in a listener ends the process as usual', async (t) => {
  const tracker = await startScriptedTracker(t)
  const child = startScript(
    t,
    `const tracker = create()
     tracker.on('update', () => { throw new Error('of the listener') })
     tracker.announce(2)`,
    tracker.url
  )

  const { code, signal, stderr } = await child.exit()
  assert.deepEqual([code, signal], [1, null])
  assert.match(stderr, /Error: of the listener/)
})

test('an error without a listener ends the process, as with any EventEmitter', async (t) => {
  const tracker = await startScriptedTracker(t, {
    announce: (request) => wire.errorResponse(request, 'not today')
  })
  const child = startScript(t, 'create().announce(2)', tracker.url)

  const { code, signal, stderr } = await child.exit()
  assert.deepEqual([code, signal], [1, null])
  assert.match(stderr, /ERR_UNHANDLED_ERROR/)
  assert.match(stderr, /not today/)
})

test('an announce in an exit listener does not hang or crash', async (t) => {
  const tracker = await startScriptedTracker(t)
  const child = startScript(
    t,
    `const tracker = create()
     tracker.on('error', () => {})
     tracker.announce(2)
     process.on('exit', () => tracker.announce(3, { force: true }))`,
    tracker.url
  )

  assertExited(await child.exit())
})
