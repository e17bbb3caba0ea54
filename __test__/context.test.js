// Each outcome is told in the asynchronous context that its request was made in.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { AsyncLocalStorage } = require('node:async_hooks')
const diagnosticsChannel = require('node:diagnostics_channel')
const { silent, startScriptedTracker } = require('./support/scripted-tracker.js')
const { EXPOSE_GC, startBareScript, startScript } = require('./support/child.js')
const { UdpTracker, INFO_HASH, createClient, REQUEST } = require('./support/client.js')
const { deadline } = require('./support/deadline.js')
const wire = require('./support/wire.js')

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

const [MAJOR] = process.versions.node.split('.').map(Number)
const isNode = !process.versions.bun && !process.versions.deno
const withCollector = { skip: !isNode && 'other runtimes keep and collect as they like' }
const withDomains = { skip: !isNode && 'only domains of Node.js follow what is asynchronous' }
const AT_LOAD = {
  skip:
    MAJOR < 20 && 'Node.js 18 itself keeps the context of the first to require a built-in module',
  ...(isNode ? {} : withCollector)
}

test(
  'the context in which the package was loaded and first used is not kept for ever',
  AT_LOAD,
  async (t) => {
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
  }
)

test("the context of a process's first request is not kept for ever", withCollector, async (t) => {
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

// What a program tells as "a", in no context, and as "b", in this order, the first of them loading the package; each line is
// who told it and in which context.
const TELLS = `
  const OUTSIDE = 'nobody'
  const inside = (name, callback) => (name === OUTSIDE ? callback() : enter(name, callback))
  const say = (what, name) => console.log(what, name, current() || OUTSIDE)
  const url = process.env.TRACKER_URL
  const asked = { peerId: Buffer.alloc(20, 1), infoHash: Buffer.alloc(20, 2), port: 1 }
  for (const name of ['a', OUTSIDE, 'b']) {
    inside(name, () => {
      const UdpTracker = require(process.env.PACKAGE_ROOT)
      const { Client } = require(process.env.PACKAGE_ROOT + '/lib/bittorrent-tracker')
      const tracker = new UdpTracker(asked.peerId, asked.infoHash, url, { keepAlive: true })
      tracker.once('update', () => {
        say('update', name)
        tracker.once('update', () => { say('interval', name); tracker.destroy() })
      })
      tracker.announce(2)
      const refused = new UdpTracker(asked.peerId, asked.infoHash, 'no URL')
      refused.on('error', () => say('error', name))
      refused.announce(2)
      UdpTracker.announce(url, asked).then(() => say('promise', name))
      UdpTracker.scrape(url, [asked.infoHash], { onProgress: () => say('progress', name) })
      const client = new Client({ ...asked, announce: [url, 'udp://'] })
      client.on('warning', () => say('client warning', name))
      client.once('update', () => { say('client update', name); client.destroy() })
      client.start()
    })
  }`

const CONTEXTS = {
  'an AsyncLocalStorage': `
    const { AsyncLocalStorage } = require('node:async_hooks')
    const tenant = new AsyncLocalStorage()
    const enter = (name, callback) => tenant.run(name, callback)
    const current = () => tenant.getStore()`,
  'a domain': `
    const domain = require('node:domain')
    const enter = (name, callback) => Object.assign(domain.create(), { name }).run(callback)
    const current = () => process.domain && process.domain.name`
}

describe('what was asked in no context is told in none, and the rest in its own, be it', () => {
  for (const [title, code] of Object.entries(CONTEXTS)) {
    const needs = title === 'a domain' ? withDomains : {}
    test(title, needs, async (t) => {
      const tracker = await startScriptedTracker(t, {
        announce: (request) => wire.announceResponse(request, { interval: 0 })
      })
      const { stdout, stderr } = await startBareScript(t, code + TELLS, tracker.url).exit()
      assert.equal(stderr, '')
      const told = stdout.trim().split('\n').sort()
      const whats = [
        'client update',
        'client warning',
        'error',
        'interval',
        'progress',
        'promise',
        'update'
      ]
      const names = ['a', 'b', 'nobody']
      assert.deepEqual(
        told,
        whats.flatMap((what) => names.map((name) => `${what} ${name} ${name}`))
      )
    })

    test(`${title}, when another's time is up just then`, needs, async (t) => {
      const [tracker, mute] = [
        await startScriptedTracker(t),
        await startScriptedTracker(t, { connect: silent })
      ]
      const child = startScript(
        t,
        `${code}
         const asked = { peerId: Buffer.alloc(20, 1), infoHash: Buffer.alloc(20, 2), port: 1 }
         enter('a', () => UdpTracker.announce(process.env.MUTE, { ...asked, timeout: 100 }).catch(() => {}))
         const tracker = create()
         tracker.on('update', () => { console.log(current() || 'nobody'); tracker.destroy() })
         tracker.announce(2)
         // The answer is there before the event loop looks for it, and so is the end of that time.
         setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500))`,
        tracker.url,
        { MUTE: mute.url }
      )
      assert.equal((await child.exit()).stdout, 'nobody\n')
    })
  }
})

test(
  'what a listener throws goes to the domain of its request, and outside of all to none',
  withDomains,
  async (t) => {
    const tracker = await startScriptedTracker(t)
    const child = startScript(
      t,
      `${CONTEXTS['a domain']}
     process.on('uncaughtException', ({ message }) => console.log(message, 'to nobody'))
     for (const name of ['a', 'nobody', 'b']) {
       const begin = () => {
         if (process.domain) process.domain.on('error', ({ message }) => console.log(message, 'to', name))
         const tracker = create()
         tracker.on('update', () => { throw new Error('of ' + name) })
         tracker.announce(2)
       }
       if (name === 'nobody') begin()
       else enter(name, begin)
     }`,
      tracker.url
    )
    const { stdout } = await child.exit()
    assert.deepEqual(stdout.trim().split('\n').sort(), [
      'of a to a',
      'of b to b',
      'of nobody to nobody'
    ])
  }
)
