// The constructor as a base class, as an EventEmitter, and as an ES module.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { EventEmitter, once } = require('node:events')
const util = require('node:util')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { UdpTracker, INFO_HASH, PEER_ID } = require('./support/client.js')
const { createClient, nextUpdate } = require('./support/client.js')
const wire = require('./support/wire.js')

// A client of a class that takes a name before the arguments of UdpTracker, once it has announced.
async function announced(t, Named) {
  const tracker = await startScriptedTracker(t)
  const client = new Named('mine', PEER_ID, INFO_HASH, tracker.url, { port: 6881 })
  t.after(() => client.destroy())
  client.announce(2)
  await nextUpdate(client)
  assert.equal(tracker.announces[0].port, 6881)
  return client
}

test('class X extends UdpTracker', async (t) => {
  class Named extends UdpTracker {
    constructor(name, ...rest) {
      super(...rest)
      this.name = name
    }

    hello() {
      return this.name
    }
  }
  const client = await announced(t, Named)
  assert.equal(client.hello(), 'mine')
  assert.ok(client instanceof UdpTracker && client instanceof EventEmitter)
})

test('util.inherits(X, UdpTracker) with UdpTracker.call(this, …)', async (t) => {
  function Named(name, ...rest) {
    UdpTracker.call(this, ...rest)
    this.name = name
  }
  util.inherits(Named, UdpTracker)
  Named.prototype.hello = function () {
    return this.name
  }
  const client = await announced(t, Named)
  assert.equal(client.hello(), 'mine')
  assert.ok(client instanceof Named && client instanceof UdpTracker)
  assert.ok(client instanceof EventEmitter)
})

test('a class that extends a function which inherits from it', async (t) => {
  function Middle(...args) {
    UdpTracker.apply(this, args)
  }
  util.inherits(Middle, UdpTracker)
  class Last extends Middle {}
  const tracker = await startScriptedTracker(t)
  const client = createClient(t, tracker.url, {}, Last)
  client.announce(2)

  await nextUpdate(client)
  assert.ok(client instanceof Last && client instanceof Middle)
})

test('the constructor makes its checks for a subclass too', () => {
  function Sub(...args) {
    UdpTracker.apply(this, args)
  }
  util.inherits(Sub, UdpTracker)

  assert.throws(() => new Sub(PEER_ID, 'abc', 'udp://127.0.0.1'), RangeError)
})

test('an object has no own properties that get in the way of a subclass', async (t) => {
  class Sub extends UdpTracker {
    destroy() {
      this.destroyedBySub = true
      super.destroy()
    }
  }
  const client = createClient(t, 'udp://127.0.0.1:6969', {}, Sub)
  client.destroy()

  assert.equal(client.destroyedBySub, true)
  assert.equal(client.destoryed, true)
})

test('events.once works with update', async (t) => {
  const tracker = await startScriptedTracker(t)
  const client = createClient(t, tracker.url)
  client.announce(2)

  const [update] = await once(client, 'update')
  assert.deepEqual(update, { leechers: 0, seeds: 0, peers: [] })
})

test('listeners are called with the tracker as `this`', async (t) => {
  const tracker = await startScriptedTracker(t)
  const client = createClient(t, tracker.url)
  const self = new Promise((resolve) => {
    client.on('update', function () {
      resolve(this)
    })
  })
  client.announce(2)

  assert.equal(await self, client)
})

test('an error without a listener throws out of announce where announce emits it', async (t) => {
  const tracker = await startScriptedTracker(t)
  const client = createClient(t, tracker.url)
  assert.throws(() => client.announce(9), /unknown event/)
  client.announce(2)
  await once(client, 'update')

  assert.throws(() => client.announce(2), /not calling announce/)
})

test('an announce in a listener of an error is sent', async (t) => {
  const tracker = await startScriptedTracker(t, {
    announce: (request, { announces }) =>
      announces.length === 1
        ? wire.errorResponse(request, 'not today')
        : wire.announceResponse(request)
  })
  const client = createClient(t, tracker.url)
  client.once('error', () => client.announce(2))
  client.announce(2)

  await once(client, 'update').catch(() => once(client, 'update'))
  assert.equal(tracker.announces.length, 2)
})

test("import UdpTracker from 'bittorrent-udp-tracker' is the same constructor", async () => {
  const { default: imported } = await import('bittorrent-udp-tracker')

  assert.equal(imported, UdpTracker)
})
