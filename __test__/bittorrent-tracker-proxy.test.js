// Proxies of the Client of bittorrent-udp-tracker/bittorrent-tracker.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { startSocksProxy, DOMAIN } = require('./support/socks-proxy.js')
const { create, hash, heard, scrape, seedsByHash } = require('./support/bittorrent-tracker.js')

// Whether all that the tracker got came through the proxy, which has one socket for it: a direct one would come from another.
function cameThrough(proxy, tracker) {
  const ports = new Set(tracker.requests.map(({ from }) => from.port))
  return ports.size === 1 && proxy.targets.length >= tracker.requests.length
}

describe('a proxy', () => {
  test('given as the package socks takes it carries the requests', async (t) => {
    const tracker = await startScriptedTracker(t)
    const proxy = await startSocksProxy(t)
    const socksProxy = { proxy: { host: '127.0.0.1', port: String(proxy.port), type: 5 } }
    const client = create(t, { announce: tracker.url, proxyOpts: { socksProxy } })
    client.start()
    await heard(client, 'update')
    assert.ok(cameThrough(proxy, tracker))
  })

  for (const [userId, password] of [
    ['', ''],
    ['user', '']
  ]) {
    test(`given as an agent of socks-proxy-agent with the user '${userId}' carries them`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const proxy = await startSocksProxy(t)
      const socksProxy = { proxy: { host: '127.0.0.1', port: proxy.port, type: 5 } }
      // Where the URL has none they are empty, and hidden.
      for (const [name, value] of Object.entries({ userId, password })) {
        Object.defineProperty(socksProxy.proxy, name, { value, enumerable: false })
      }
      const client = create(t, { announce: tracker.url, proxyOpts: { socksProxy } })
      client.start()
      await heard(client, 'update')
      assert.ok(cameThrough(proxy, tracker))
    })
  }

  test('given as a URL carries the requests', async (t) => {
    const tracker = await startScriptedTracker(t)
    const proxy = await startSocksProxy(t)
    const client = create(t, { announce: tracker.url, proxyOpts: { socksProxy: proxy.url } })
    client.start()
    await heard(client, 'update')
    assert.ok(cameThrough(proxy, tracker))
  })

  test('resolves the names, which nobody else is asked for', async (t) => {
    const tracker = await startScriptedTracker(t)
    const proxy = await startSocksProxy(t)
    const socksProxy = { proxy: { ipaddress: '127.0.0.1', port: proxy.port, type: 5 } }
    const announce = `udp://tracker.invalid:${tracker.port}`
    const client = create(t, { announce, proxyOpts: { socksProxy } })
    client.start()
    await heard(client, 'update')
    // The proxy's answer tells the address, which the later ones go to.
    const [{ host, type }] = proxy.targets
    assert.deepEqual([host, type], ['tracker.invalid', DOMAIN])
    assert.ok(cameThrough(proxy, tracker))
  })

  test('has a single association for all clients and requests', async (t) => {
    const tracker = await startScriptedTracker(t)
    const proxy = await startSocksProxy(t)
    const proxyOpts = { socksProxy: { proxy: { host: '127.0.0.1', port: proxy.port, type: 5 } } }
    for (let i = 0; i < 3; i++) {
      const client = create(t, { announce: tracker.url, proxyOpts })
      client.start()
      await heard(client, 'update')
    }
    assert.equal(proxy.associations, 1)
  })

  test('of the transport carries the requests, those of a static scrape too', async (t) => {
    const tracker = await startScriptedTracker(t, seedsByHash)
    const proxy = await startSocksProxy(t)
    const transport = { proxy: proxy.url }
    const announce = tracker.url
    const { results } = await scrape({ announce, infoHash: hash(7), transport })
    assert.equal(results.complete, 7)
    assert.ok(cameThrough(proxy, tracker))
  })

  // Whatever it is: something is meant by it.
  for (const socksProxy of [{}, '', 0, true, [], { proxy: null }, { proxy: { type: '5' } }]) {
    test(`that is ${JSON.stringify(socksProxy)} is a warning, and nothing is sent`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const client = create(t, { announce: tracker.url, proxyOpts: { socksProxy } })
      client.start()
      const { message } = await heard(client, 'warning')
      assert.ok(message.endsWith(` (${tracker.url})`), message)
      assert.deepEqual(tracker.requests, [])
    })
  }

  for (const socksProxy of [undefined, null, false]) {
    test(`that is ${socksProxy} is none`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const client = create(t, { announce: tracker.url, proxyOpts: { socksProxy } })
      client.start()
      await heard(client, 'update')
    })
  }
})
