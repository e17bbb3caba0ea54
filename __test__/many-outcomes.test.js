// Many outcomes in one buffer: none costs another its own, whatever a listener or a channel's subscriber does.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const engine = require('../lib/engine/engine.js')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { startScript } = require('./support/child.js')
const { createClient, nextUpdate } = require('./support/client.js')
const { withoutEmulator } = require('./support/deadline.js')
const { A_THREAD_OF_ITS_OWN } = require('./support/portable.js')
const wire = require('./support/wire.js')

const isGlibc =
  process.platform === 'linux' &&
  process.report.getReport().header.glibcVersionRuntime !== undefined
const withoutGlibc = isGlibc ? false : 'it looks at what glibc holds'

// Answers all announces at once as soon as there are `count`.
function answerTogether(count) {
  const held = []
  return (request, tracker) => {
    held.push(request)
    if (held.length < count) return
    for (const one of held) tracker.send(wire.announceResponse(one, { seeds: one.port }), one)
  }
}

describe('a listener that spins the event loop by itself', () => {
  test('gets what comes in meanwhile, and the listeners after it get theirs', async (t) => {
    const COUNT = 50
    const tracker = await startScriptedTracker(t, { announce: answerTogether(COUNT) })
    const seen = []
    const clients = Array.from({ length: COUNT }, (_, port) => {
      const client = createClient(t, tracker.url, { port })
      client.on('update', ({ seeds }) => {
        // What a nested event loop calls: outcomes are taken while others are being told.
        engine.catchUp()
        seen.push([port, seeds])
      })
      client.announce(2)
      return nextUpdate(client)
    })
    await Promise.all(clients)
    assert.equal(seen.length, COUNT)
    for (const [port, seeds] of seen) assert.equal(seeds, port)
  })
})

describe('the channels of diagnostics_channel', () => {
  for (const hash of ['new Uint8Array(20)', "'ab'.repeat(20)", 'new Uint8Array(32)']) {
    test(`tell of an infoHash that is ${hash}, and nobody loses an outcome`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const child = startScript(
        t,
        `const { subscribe } = require('node:diagnostics_channel')
         const hashes = new Set()
         subscribe('bittorrent-udp-tracker:answer', ({ infoHash }) => hashes.add(infoHash))
         let updates = 0
         const end = () => { if (++updates === 5) console.log(updates, [...hashes].length) }
         for (let i = 0; i < 5; i++) {
           const tracker = create()
           if (i === 2) tracker.infoHash = ${hash}
           tracker.on('update', end)
           tracker.announce(2)
         }`,
        tracker.url
      )
      const { code, stdout, stderr } = await child.exit()
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '5 3\n', stderr: '' })
    })
  }

  test('may have subscribers that throw: each exception is reported once, and all are answered', async (t) => {
    const tracker = await startScriptedTracker(t)
    const child = startScript(
      t,
      `const { subscribe } = require('node:diagnostics_channel')
       let [exceptions, updates] = [0, 0]
       process.on('uncaughtException', () => exceptions++)
       process.on('exit', () => console.log(updates, exceptions))
       subscribe('bittorrent-udp-tracker:send', () => { throw new Error('no') })
       for (let i = 0; i < 5; i++) {
         const tracker = create()
         tracker.on('update', () => updates++)
         tracker.announce(2)
       }`,
      tracker.url
    )
    const { stdout } = await child.exit()
    assert.equal(stdout, '5 6\n')
  })
})

test(
  'a JavaScript that was busy while large answers came gives their memory back',
  { skip: withoutGlibc || withoutEmulator || A_THREAD_OF_ITS_OWN.skip },
  async (t) => {
    const COUNT = 10_000
    const tracker = await startScriptedTracker(t, { announce: silent })
    const script = `
     // What the C allocator holds: V8's own heap is not ours, and it keeps what it grew to for a while. An arena of
     // glibc begins at a multiple of 64 MB.
     const megabytes = () => {
       let [isAllocators, kilobytes] = [false, 0]
       for (const line of require('node:fs').readFileSync('/proc/self/smaps', 'utf8').split('\\n')) {
         const mapping = /^([0-9a-f]+)-[0-9a-f]+ rw-p \\S+ \\S+ 0 +(\\S*)/.exec(line)
         if (mapping) {
           const isArena = BigInt('0x' + mapping[1]) % (64n << 20n) === 0n && mapping[2] === ''
           isAllocators = isArena || mapping[2] === '[heap]'
         } else if (/^[0-9a-f]+-/.test(line)) isAllocators = false
         else if (isAllocators && line.startsWith('Rss:')) kilobytes += parseInt(line.slice(4))
       }
       return kilobytes / 1024
     }
     const announce = (count) => new Promise((resolve) => {
       let left = count
       const peerId = '-XX0100-abcdefghijkl'
       for (let i = 0; i < count; i++) {
         const hash = Buffer.alloc(20)
         hash.writeUInt32BE(i)
         UdpTracker.announce(process.env.TRACKER_URL, { peerId, infoHash: hash, port: 1, timeout: 60000 })
           .then(({ peers }) => { if (peers.length !== 200) throw new Error('short'); if (--left === 0) resolve() })
       }
       // Busy until the engine has all the answers.
       const busy = () => { while (UdpTracker.stats().pending > 0); }
       setTimeout(busy, 1)
     })
     const main = async () => {
       await announce(100)
       const before = megabytes()
       await announce(${COUNT})
       const after = megabytes()
       console.log(before.toFixed(), after.toFixed())
       process.exit()
     }
     main()`
    const child = startScript(t, script, tracker.url)
    const peers = Buffer.alloc(6 * 200, 7)
    tracker.script.announce = (request) => wire.announceResponse(request, { peers })
    const { stdout, stderr } = await child.exit()
    assert.equal(stderr, '')
    const [before, after] = stdout.split(' ').map(Number)
    t.diagnostic(`${before} MB before, ${after} MB after`)
    assert.ok(after < before + 15, `${before} MB before, ${after} MB after`)
  }
)
