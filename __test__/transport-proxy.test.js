// SOCKS5: what goes through the proxy, what the proxy may do, and that nothing goes any other way.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const dgram = require('node:dgram')
const { once } = require('node:events')
const {
  UdpTracker,
  createClient,
  nextError,
  nextUpdate,
  INFO_HASH,
  REQUEST
} = require('./support/client.js')
const { patient } = require('./support/deadline.js')
const { withoutAddresses } = require('./support/loopback.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { startSocksProxy, DOMAIN, IPV4, IPV6 } = require('./support/socks-proxy.js')
const wire = require('./support/wire.js')

const request = { ...REQUEST, _timeout: patient(50) }

const failure = (code, message) => ({ name: 'TrackerError', code, message })

test('an announce and a scrape go through the proxy, and nothing goes directly', async (t) => {
  const tracker = await startScriptedTracker(t, {
    announce: (request) => wire.announceResponse(request, { peers: ['1.2.3.4:5'] }),
    scrape: (request) => wire.scrapeResponse(request, [{ seeds: 7 }])
  })
  const proxy = await startSocksProxy(t)
  const transport = { proxy: proxy.url }
  const update = await UdpTracker.announce(tracker.url, { ...request, transport })
  assert.deepEqual(update.peers, ['1.2.3.4:5'])
  const [row] = await UdpTracker.scrape(tracker.url, [INFO_HASH], { transport })
  assert.equal(row.seeds, 7)
  assert.equal(proxy.associations, 1, 'the two share one association')
  assert.equal(tracker.requests.filter(({ kind }) => kind === 'connect').length, 1)
  assert.equal(proxy.targets.length, tracker.requests.length)
  for (const { type, port } of proxy.targets) assert.deepEqual([type, port], [IPV4, tracker.port])
})

test('an object announces through the proxy, again when its interval ends', async (t) => {
  const tracker = await startScriptedTracker(t, {
    announce: (request) => wire.announceResponse(request, { interval: 1 })
  })
  const proxy = await startSocksProxy(t)
  const client = createClient(t, tracker.url, { transport: { proxy: proxy.url } })
  client.announce(2)
  await nextUpdate(client)
  await nextUpdate(client)
  assert.equal(proxy.targets.length, tracker.requests.length)
})

test('a tracker with an IPv6 address answers with IPv6 peers', async (t) => {
  const peers = Buffer.concat([Buffer.alloc(15), Buffer.from([1, 0, 80])])
  const tracker = await startScriptedTracker(t, {
    family: 6,
    announce: (request) => wire.announceResponse(request, { peers })
  })
  const proxy = await startSocksProxy(t)
  const update = await UdpTracker.announce(`udp://[::1]:${tracker.port}`, {
    ...request,
    transport: { proxy: proxy.url }
  })
  assert.deepEqual(update.peers, ['[::1]:80'])
  assert.equal(proxy.targets[0].type, IPV6)
})

test('host names go to the proxy, and what needs the connection ID to the address that gave it', async (t) => {
  const tracker = await startScriptedTracker(t)
  const proxy = await startSocksProxy(t)
  // A name that nobody here could resolve.
  const url = `udp://tracker.proxy.invalid:${tracker.port}`
  await UdpTracker.announce(url, { ...request, transport: { proxy: proxy.url } })
  const [connect, announce] = proxy.targets
  assert.deepEqual([connect.type, connect.host], [DOMAIN, 'tracker.proxy.invalid'])
  assert.deepEqual([announce.type, announce.host], [IPV4, '127.0.0.1'])
})

test('diagnostics and errors name no address that only stands for a name', async (t) => {
  const channel = require('node:diagnostics_channel')
  const tracker = await startScriptedTracker(t, { announce: (r) => wire.errorResponse(r, 'no') })
  const proxy = await startSocksProxy(t)
  const addresses = []
  const onSend = ({ address }) => addresses.push(address)
  channel.subscribe('bittorrent-udp-tracker:send', onSend)
  t.after(() => channel.unsubscribe('bittorrent-udp-tracker:send', onSend))
  const url = `udp://named.invalid:${tracker.port}`
  const error = await UdpTracker.announce(url, {
    ...request,
    transport: { proxy: proxy.url }
  }).catch((error) => error)
  assert.deepEqual([error.message, error.address], ['no', `127.0.0.1:${tracker.port}`])
  assert.ok(addresses.length >= 2)
  for (const address of addresses) assert.match(address, /^127\.0\.0\.1:/)
})

test('a name that the proxy resolves to IPv6 is answered with IPv6 peers', async (t) => {
  const peers = Buffer.concat([Buffer.alloc(15), Buffer.from([1, 0, 80])])
  const tracker = await startScriptedTracker(t, {
    family: 6,
    announce: (request) => wire.announceResponse(request, { peers })
  })
  const proxy = await startSocksProxy(t, { resolve: () => ['::1', 6] })
  const update = await UdpTracker.announce(`udp://six.invalid:${tracker.port}`, {
    ...request,
    transport: { proxy: proxy.url }
  })
  assert.deepEqual(update.peers, ['[::1]:80'])
})

test("with dns: 'local' names are resolved here", async (t) => {
  const tracker = await startScriptedTracker(t)
  const proxy = await startSocksProxy(t)
  for (const option of [
    `socks5://127.0.0.1:${proxy.port}`,
    { host: '127.0.0.1', port: proxy.port, dns: 'local' }
  ]) {
    const url = `udp://localhost:${tracker.port}`
    await UdpTracker.announce(url, { ...request, family: 4, transport: { proxy: option } })
  }
  for (const { type } of proxy.targets) assert.equal(type, IPV4)
})

test('a proxy is given as an object, and resolves names by default', async (t) => {
  const tracker = await startScriptedTracker(t)
  const proxy = await startSocksProxy(t)
  const transport = { proxy: { host: '127.0.0.1', port: proxy.port } }
  await UdpTracker.announce(`udp://x.invalid:${tracker.port}`, { ...request, transport })
  assert.equal(proxy.targets[0].host, 'x.invalid')
})

test('a user name and a password are given when they are wanted', async (t) => {
  const tracker = await startScriptedTracker(t)
  const proxy = await startSocksProxy(t, {
    method: (methods) => (methods.includes(2) ? 2 : 0xff),
    credentials: (username, password) => password === `${username}:secret`
  })
  const at = `127.0.0.1:${proxy.port}`
  const through = (proxy) => UdpTracker.announce(tracker.url, { ...request, transport: { proxy } })
  await through(`socks5h://anna:anna%3Asecret@${at}`)
  assert.deepEqual(proxy.credentials, [['anna', 'anna:secret']])
  assert.deepEqual(proxy.greetings, [[0, 2]])

  // Two credentials at one proxy are two transports.
  await through({
    host: '127.0.0.1',
    port: proxy.port,
    username: 'berta',
    password: 'berta:secret'
  })
  assert.equal(proxy.associations, 2)
  assert.equal(tracker.connectionIds.length, 2, 'a connection ID of one way is not used on another')

  await assert.rejects(
    through(`socks5h://anna:wrong@${at}`),
    failure('NETWORK', `cannot use proxy ${at}: it refused the user name and the password`)
  )
  await assert.rejects(
    through(`socks5h://${at}`),
    failure('NETWORK', `cannot use proxy ${at}: it requires a user name and a password`)
  )
})

for (const [what, script, words] of [
  ['refuses UDP', { reply: () => 7 }, 'it refused UDP: command not supported'],
  ['allows nobody', { reply: () => 2 }, 'it refused UDP: not allowed'],
  [
    'knows only another authentication method',
    { method: () => 1 },
    'it supports no authentication method that this client has'
  ],
  ['says nothing', { silent: true }, 'it does not answer']
]) {
  test(`a proxy that ${what} is an error within 5 s, and nothing goes directly`, async (t) => {
    const tracker = await startScriptedTracker(t)
    const proxy = await startSocksProxy(t, script)
    const transport = { proxy: proxy.url }
    const client = createClient(t, tracker.url, { transport })
    client.announce(2)
    assert.equal(
      await nextError(client, 8000),
      `cannot use proxy 127.0.0.1:${proxy.port}: ${words}`
    )
    assert.equal(tracker.requests.length, 0)
  })
}

test('a port where no proxy listens is an error, and nothing goes directly', async (t) => {
  const tracker = await startScriptedTracker(t)
  const proxy = await startSocksProxy(t)
  const transport = { proxy: proxy.url }
  await proxy.stop()
  const opts = { ...request, transport }
  const refused = {
    code: 'NETWORK',
    message: /^cannot use proxy 127\.0\.0\.1:\d+: Connection refused$/
  }
  await assert.rejects(UdpTracker.announce(tracker.url, opts), refused)
  assert.equal(tracker.requests.length, 0)
  await proxy.listen(Number(new URL(transport.proxy).port))
  await UdpTracker.announce(tracker.url, opts)
})

test('a server that does not speak SOCKS5 is an error', async (t) => {
  const tracker = await startScriptedTracker(t)
  const proxy = await startSocksProxy(t)
  proxy.onControl = (control) =>
    control
      .on('error', () => {})
      .resume()
      .end('HTTP/1.1 400 Bad Request\r\n\r\n')
  await assert.rejects(
    UdpTracker.announce(tracker.url, { ...request, transport: { proxy: proxy.url } }),
    failure('NETWORK', `cannot use proxy 127.0.0.1:${proxy.port}: it is not a SOCKS5 proxy`)
  )
})

test('a control connection that is lost in flight is renewed, and the request asked again', async (t) => {
  let silent = true
  const tracker = await startScriptedTracker(t, {
    announce: (request) => (silent ? undefined : wire.announceResponse(request))
  })
  const proxy = await startSocksProxy(t)
  const client = createClient(t, tracker.url, { _timeout: 50, transport: { proxy: proxy.url } })
  client.announce(2)
  await tracker.nextAnnounce()
  silent = false
  for (const control of proxy.controls) control.destroy()
  await nextUpdate(client)
  assert.equal(proxy.associations, 2)
  assert.equal(proxy.targets.length, tracker.requests.length)
})

test('a relay through which nobody is heard any more is left for a new one', async (t) => {
  const tracker = await startScriptedTracker(t)
  let dead = Infinity
  const proxy = await startSocksProxy(t, {
    // The proxy has been started anew without a word, say: nothing comes back through what it gave before.
    backward: (datagram, from) =>
      proxy.associations <= dead ? undefined : proxy.frame(datagram, from)
  })
  dead = 0
  const transport = { proxy: proxy.url }
  await UdpTracker.announce(tracker.url, { ...request, transport })
  dead = proxy.associations
  await UdpTracker.announce(tracker.url, { ...REQUEST, transport })
  assert.equal(proxy.associations, 2)
  // While somebody is heard it is not the relay.
  const silent = await startScriptedTracker(t, { connect: () => undefined })
  await assert.rejects(
    UdpTracker.announce(silent.url, { ...REQUEST, transport, timeout: patient(1000) })
  )
  await UdpTracker.announce(tracker.url, { ...request, transport })
  assert.equal(proxy.associations, 2)
})

test('a proxy that goes away in flight and comes back is used again', async (t) => {
  let silent = true
  const tracker = await startScriptedTracker(t, {
    announce: (request) => (silent ? undefined : wire.announceResponse(request))
  })
  const proxy = await startSocksProxy(t)
  const { port } = proxy
  const client = createClient(t, tracker.url, { _timeout: 50, transport: { proxy: proxy.url } })
  client.announce(2)
  await tracker.nextAnnounce()
  await proxy.stop()
  silent = false
  const updated = nextUpdate(client)
  await proxy.listen(port)
  await updated
})

test('a proxy that goes away in flight and stays away ends the request within 5 s', async (t) => {
  const tracker = await startScriptedTracker(t, { announce: () => undefined })
  const proxy = await startSocksProxy(t)
  const client = createClient(t, tracker.url, { transport: { proxy: proxy.url } })
  client.announce(2)
  await tracker.nextAnnounce()
  const error = nextError(client, 8000)
  await proxy.stop()
  assert.match(await error, /^cannot use proxy 127\.0\.0\.1:\d+: Connection refused/)
})

for (const [what, bound] of [
  ['0.0.0.0', ({ port }) => ({ address: '0.0.0.0', port })],
  ['::', ({ port }) => ({ address: '::', port })],
  ['an IPv4-mapped address', ({ port }) => ({ address: '::ffff:7f00:1', port })],
  ['a name', ({ port }) => ({ address: 'localhost', port })],
  ['an address written as a name', ({ port }) => ({ address: '127.0.0.1', port })]
]) {
  test(`a relay at ${what} is used`, async (t) => {
    const tracker = await startScriptedTracker(t)
    const proxy = await startSocksProxy(t, { bound })
    await UdpTracker.announce(tracker.url, { ...request, transport: { proxy: proxy.url } })
  })
}

test('a relay on another host than the proxy is used', { skip: withoutAddresses }, async (t) => {
  const tracker = await startScriptedTracker(t)
  const proxy = await startSocksProxy(t, {
    relayHost: '127.0.0.9',
    bound: ({ port }) => ({ address: '127.0.0.9', port })
  })
  await UdpTracker.announce(tracker.url, { ...request, transport: { proxy: proxy.url } })
})

test('fragments, noise and datagrams from elsewhere than the relay are dropped', async (t) => {
  const tracker = await startScriptedTracker(t, {
    announce: (request) => wire.announceResponse(request, { seeds: 3 })
  })
  const forger = dgram.createSocket('udp4')
  t.after(() => forger.close())
  const forged = (datagram) => {
    const bytes = Buffer.from(datagram)
    if (bytes.readUInt32BE(0) === 1) bytes.writeUInt32BE(9, 16)
    return bytes
  }
  const proxy = await startSocksProxy(t, {
    backward: (datagram, from, proxy) => {
      const client = proxy.targets[0].from
      forger.send(proxy.frame(forged(datagram), from), client.port, client.address)
      const elsewhere = { address: '192.0.2.7', port: 7 }
      return [
        proxy.frame(forged(datagram), from, 1),
        Buffer.alloc(0),
        Buffer.from([0, 0, 0]),
        Buffer.from([0, 0, 0, 7, 1, 2, 3]),
        proxy.frame(forged(datagram), elsewhere),
        proxy.frame(datagram, from)
      ]
    }
  })
  const { seeds } = await UdpTracker.announce(tracker.url, {
    ...request,
    transport: { proxy: proxy.url }
  })
  assert.equal(seeds, 3)
})

test('an IPv6 proxy is used', async (t) => {
  const tracker = await startScriptedTracker(t)
  const proxy = await startSocksProxy(t)
  await proxy.stop()
  await proxy.listen(0, '::1')
  const transport = { proxy: `socks5h://[::1]:${proxy.port}` }
  await UdpTracker.announce(tracker.url, { ...request, transport })
})

test('requests with and without the proxy are answered side by side', async (t) => {
  const tracker = await startScriptedTracker(t)
  const proxy = await startSocksProxy(t)
  const direct = dgram.createSocket('udp4').bind(0, '127.0.0.1')
  await once(direct, 'listening')
  t.after(() => direct.close())
  const transport = { proxy: proxy.url }
  await Promise.all([
    UdpTracker.announce(tracker.url, { ...request, transport }),
    UdpTracker.announce(tracker.url, request)
  ])
  assert.equal(tracker.connectionIds.length, 2)
  const ports = new Set(tracker.requests.map(({ from }) => from.port))
  assert.equal(ports.size, 2)
})
