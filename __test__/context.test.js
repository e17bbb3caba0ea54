// Each outcome is told in the asynchronous context that its request was made in.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { AsyncLocalStorage } = require('node:async_hooks')
const diagnosticsChannel = require('node:diagnostics_channel')
const { startScriptedTracker } = require('./support/scripted-tracker')
const { EXPOSE_GC, startBareScript, startScript } = require('./support/child')
const { UdpTracker, INFO_HASH, createClient, REQUEST } = require('./support/client')
const { deadline } = require('./support/deadline')
const wire = require('./support/wire')

const tenant = new AsyncLocalStorage()

// What `start(tell)` tells, called once as each of three tenants, with the tenant that it is told as.
function asEachTenant(start) {
  const names = ['a', 'b', 'c']
  const told = names.map(
    (name) =>
      new Promise((resolve) => tenant.run(name, () => start(() => resolve(tenant.getStore()))))
  )
  return deadline(Promise.all(told), 'somebody heard of nothing').then((heard) =>
    assert.deepEqual(heard, names)
  )
}

describe("a request's asynchronous context is kept for", () => {
  test('its update', async (t) => {
    const tracker = await startScriptedTracker(t)
    await asEachTenant((tell) => {
      createClient(t, tracker.url).once('update', tell).announce(2)
    })
  })

  test('its error', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => wire.errorResponse(request, 'no')
    })
    await asEachTenant((tell) => {
      createClient(t, tracker.url).once('error', tell).announce(2)
    })
  })

  test('its scrape', async (t) => {
    const tracker = await startScriptedTracker(t)
    await asEachTenant((tell) => {
      createClient(t, tracker.url).once('scrape', tell).scrape()
    })
  })

  test('the progress of a scrape', async (t) => {
    const tracker = await startScriptedTracker(t)
    await asEachTenant((onProgress) => {
      UdpTracker.scrape(tracker.url, [INFO_HASH], { onProgress })
    })
  })

  test('the announce that its interval makes', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => wire.announceResponse(request, { interval: 0 })
    })
    await asEachTenant((tell) => {
      const client = createClient(t, tracker.url)
      client.announce(2)
      client.once('update', () => client.once('update', tell))
    })
  })

  test('the messages of the diagnostics channels, for a request of its own', async (t) => {
    const tracker = await startScriptedTracker(t)
    const heard = []
    const onMessage = ({ request }) => heard.push([request, tenant.getStore()])
    for (const name of ['send', 'answer']) {
      diagnosticsChannel.subscribe(`bittorrent-udp-tracker:${name}`, onMessage)
      t.after(() => diagnosticsChannel.unsubscribe(`bittorrent-udp-tracker:${name}`, onMessage))
    }
    await tenant.run('a', () => UdpTracker.announce(tracker.url, REQUEST))
    assert.deepEqual(
      heard.filter(([request]) => request === 'announce'),
      [
        ['announce', 'a'],
        ['announce', 'a']
      ]
    )
    assert.deepEqual(
      heard.filter(([request]) => request === 'connect'),
      [
        ['connect', undefined],
        ['connect', undefined]
      ]
    )
  })
})

test('the context of an exception is that of the request whose listener threw it', async (t) => {
  const tracker = await startScriptedTracker(t)
  const child = startScript(
    t,
    `const { AsyncLocalStorage } = require('node:async_hooks')
     const tenant = new AsyncLocalStorage()
     process.on('uncaughtException', (err) => console.log(err.message, tenant.getStore()))
     for (const name of ['a', 'b']) {
       tenant.run(name, () => {
         const tracker = create()
         tracker.on('update', () => { throw new Error('of ' + name) })
         tracker.announce(2)
       })
     }`,
    tracker.url
  )
  const { stdout } = await child.exit()
  assert.deepEqual(stdout.trim().split('\n').sort(), ['of a a', 'of b b'])
})

test('the context in which the package was loaded and first used is not kept for ever', async (t) => {
  const tracker = await startScriptedTracker(t)
  const child = startBareScript(
    t,
    `${EXPOSE_GC}
     const { AsyncLocalStorage } = require('node:async_hooks')
     const { setImmediate: nextTurn } = require('node:timers/promises')
     const { PACKAGE_ROOT, TRACKER_URL } = process.env
     const tenant = new AsyncLocalStorage()
     const main = async () => {
       let request = { big: true }
       const kept = new WeakRef(request)
       await tenant.run(request, () => {
         const peerId = Buffer.alloc(20, 1)
         return require(PACKAGE_ROOT).announce(TRACKER_URL, { peerId, infoHash: peerId, port: 1 })
       })
       request = null
       for (let i = 0; i < 100 && kept.deref() !== undefined; i++) {
         await nextTurn()
         gc()
       }
       console.log(kept.deref() === undefined)
     }
     main()`,
    tracker.url
  )
  assert.equal((await child.exit()).stdout, 'true\n')
})

test("the context of a process's first request is not kept for ever", async (t) => {
  const tracker = await startScriptedTracker(t)
  const child = startScript(
    t,
    `${EXPOSE_GC}
     const { AsyncLocalStorage } = require('node:async_hooks')
     const { setImmediate: nextTurn } = require('node:timers/promises')
     const tenant = new AsyncLocalStorage()
     const main = async () => {
       let request = { big: true }
       const kept = new WeakRef(request)
       await tenant.run(request, () => new Promise((resolve) => {
         const tracker = create()
         tracker.on('update', () => { tracker.destroy(); resolve() })
         tracker.announce(2)
       }))
       request = null
       for (let i = 0; i < 100 && kept.deref() !== undefined; i++) {
         await nextTurn()
         gc()
       }
       console.log(kept.deref() === undefined)
     }
     main()`,
    tracker.url
  )
  const { stdout, stderr } = await child.exit()
  assert.deepEqual({ stdout, stderr }, { stdout: 'true\n', stderr: '' })
})
