// Look-ups of an application's own, and what one can do with them.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const dns = require('node:dns')
const { isIPv4 } = require('node:net')
const { deadline } = require('./support/deadline.js')
const { UdpTracker, createClient, nextError, nextUpdate, REQUEST } = require('./support/client.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')

const request = { ...REQUEST, _timeout: 50 }

const cannot = (host, reason) => ({
  code: 'DNS',
  message: `cannot resolve tracker host ${host}: ${reason}`
})

test('hosts are looked up by the function, one look-up however many requests wait for it', async (t) => {
  const tracker = await startScriptedTracker(t)
  const asked = []
  const transport = {
    lookup: async (host, { family, signal }) => {
      asked.push([host, family, signal.aborted])
      return ['127.0.0.1']
    }
  }
  const url = `udp://tracker.example:${tracker.port}`
  const announces = Array.from({ length: 20 }, () =>
    UdpTracker.announce(url, { ...request, transport })
  )
  await Promise.all(announces)
  assert.deepEqual(asked, [['tracker.example', 0, false]])
  await UdpTracker.announce(url, { ...request, family: 4, transport })
  assert.deepEqual(asked[1], ['tracker.example', 4, false])
})

test('objects and scrapes use it as well', async (t) => {
  const tracker = await startScriptedTracker(t)
  const transport = { lookup: async () => ['127.0.0.1'] }
  const client = createClient(t, `udp://tracker.example:${tracker.port}`, { transport })
  client.announce(2)
  await nextUpdate(client)
  const bad = createClient(t, `udp://tracker.example:${tracker.port}`, {
    transport: { lookup: () => Promise.reject(new Error('blocked')) }
  })
  bad.scrape()
  assert.equal(await nextError(bad), 'cannot resolve tracker host tracker.example: blocked')
})

test('it is asked about addresses in URLs too', async (t) => {
  const tracker = await startScriptedTracker(t)
  const asked = []
  const lookup = async (host) => {
    asked.push(host)
    return [host]
  }
  await UdpTracker.announce(tracker.url, { ...request, transport: { lookup } })
  await assert.rejects(
    UdpTracker.announce('udp://[ff02::1]:1', { ...request, transport: { lookup } }),
    { code: 'NETWORK', message: 'cannot send to tracker ff02::1: it is a multicast address' }
  )
  assert.deepEqual(asked, ['127.0.0.1', 'ff02::1'])
})

for (const [what, lookup, reason] of [
  ['throws', () => { throw new Error('no such luck') }, 'no such luck'], // prettier-ignore
  ['rejects', async () => Promise.reject(new Error('offline')), 'offline'],
  ['rejects with no error', async () => Promise.reject(7), '7'],
  ['rejects with nothing', async () => Promise.reject(new Error('')), 'lookup failed'],
  ['rejects with what cannot be printed', async () => Promise.reject(Object.create(null)), 'lookup failed'], // prettier-ignore
  ['gives nothing', async () => undefined, 'lookup gave no IP address: undefined'],
  [
    'returns nothing and takes no callback',
    (host) => void host,
    'lookup gave no IP address: undefined'
  ],
  [
    'calls back with an error',
    (host, options, callback) => callback(new Error('offline')),
    'offline'
  ],
  [
    'calls back with nothing',
    (host, options, callback) => callback(null),
    'lookup gave no IP address: undefined'
  ],
  [
    'calls back with a name',
    (host, options, callback) => callback(null, 'localhost', 4),
    'lookup gave no IP address: localhost'
  ],
  [
    'gives an address of a link',
    async () => [{ address: 'fe80::1%lo', family: 6 }],
    'lookup gave no IP address: fe80::1%lo'
  ],
  ['gives names', async () => ['localhost'], 'lookup gave no IP address: localhost'],
  [
    'gives objects without an address',
    async () => [{ family: 4 }],
    'lookup gave no IP address: undefined'
  ],
  ['gives no address', async () => [], 'lookup found no address']
]) {
  test(`a look-up that ${what} is one error`, async (t) => {
    const tracker = await startScriptedTracker(t)
    const url = `udp://tracker.example:${tracker.port}`
    await assert.rejects(
      UdpTracker.announce(url, { ...request, transport: { lookup } }),
      cannot('tracker.example', reason)
    )
    assert.equal(tracker.requests.length, 0)
  })
}

// Everything that Node.js and its users call a lookup.
const found = [{ address: '127.0.0.1', family: 4 }]
const local = (options) => ({ ...options, family: 4 })
for (const [what, lookup] of [
  ['dns.lookup', (host, options, callback) => dns.lookup('localhost', local(options), callback)],
  [
    'dns.lookup with whatever arguments',
    (...args) => dns.lookup('localhost', local(args[1]), args[2])
  ],
  ['dns.promises.lookup', (host, options) => dns.promises.lookup('localhost', local(options))],
  ['dns.promises.lookup for one', () => dns.promises.lookup('localhost', 4)],
  [
    'a callback with one address, for a lookup without `all`',
    (host, options, callback) => callback(null, '127.0.0.1', 4)
  ],
  [
    'a callback that comes later',
    (host, options, callback) => void setImmediate(callback, undefined, found)
  ],
  [
    'an asynchronous function that calls back',
    async (host, options, callback) => void callback(null, found)
  ],
  ['a promise of objects', async () => found],
  ['a promise of texts', async () => ['127.0.0.1']],
  ['a promise of one text', async () => '127.0.0.1'],
  ['an array at once', () => ['127.0.0.1']],
  ['a callback that is called twice', (host, options, callback) => { callback(null, found); callback(new Error('again')) }] // prettier-ignore
]) {
  test(`it may be ${what}`, async (t) => {
    const tracker = await startScriptedTracker(t)
    const url = `udp://tracker.example:${tracker.port}`
    const { seeds } = await UdpTracker.announce(url, { ...request, transport: { lookup } })
    assert.equal(seeds, 0)
  })
}

test('it is asked for all addresses, as dns.lookup is', async (t) => {
  const tracker = await startScriptedTracker(t)
  let asked
  const lookup = (host, { signal, ...options }, callback) => {
    asked = { host, options, aborted: signal.aborted }
    callback(null, found)
  }
  const url = `udp://tracker.example:${tracker.port}`
  await UdpTracker.announce(url, { ...request, family: 4, transport: { lookup } })
  assert.deepEqual(asked, {
    host: 'tracker.example',
    options: { family: 4, all: true },
    aborted: false
  })
})

test('words of a look-up are no codes, and its code is the cause', async (t) => {
  const tracker = await startScriptedTracker(t)
  const url = `udp://tracker.example:${tracker.port}`
  const failing = (message, details) => ({
    lookup: () => Promise.reject(Object.assign(new Error(message), details))
  })
  for (const message of [
    'the policy server gave no answer',
    'Name or service not known',
    'Temporary failure in name resolution (os error 11)'
  ]) {
    const transport = failing(message)
    await assert.rejects(UdpTracker.announce(url, { ...request, transport }), (error) => {
      assert.equal(error.message, `cannot resolve tracker host tracker.example: ${message}`)
      assert.equal(error.cause, undefined)
      return error.code === 'DNS' && error.phase === 'lookup'
    })
  }
  for (const code of ['ENOTFOUND', 'EBLOCKED', '禁止']) {
    const transport = failing('not that one', { code })
    await assert.rejects(UdpTracker.announce(url, { ...request, transport }), (error) => {
      assert.equal(error.cause.code, code)
      return error.code === 'DNS'
    })
  }
  for (const code of [7, '', 'x'.repeat(300), null, Symbol('code')]) {
    const transport = failing('not that one', { code })
    await assert.rejects(UdpTracker.announce(url, { ...request, transport }), (error) => {
      assert.equal(error.cause, undefined)
      return error.code === 'DNS'
    })
  }
})

test('a look-up whose failure may pass is repeated until it works', async (t) => {
  const tracker = await startScriptedTracker(t)
  const url = `udp://tracker.example:${tracker.port}`
  const codes = ['EAI_AGAIN', 'ETIMEOUT', 'ESERVFAIL']
  const lookup = async () => {
    const code = codes.pop()
    if (code !== undefined) throw Object.assign(new Error('not now'), { code })
    return ['127.0.0.1']
  }
  const client = createClient(t, url, { transport: { lookup } })
  client.announce(2)
  await nextUpdate(client)
  codes.push('ECONNREFUSED')
  const transport = { lookup: async (...args) => lookup(...args) }
  await UdpTracker.announce(url, { ...request, transport })
  assert.deepEqual(codes, [])
})

test('the failure of a look-up is the last word of a promise whose time is over', async () => {
  const lookup = async () => {
    throw Object.assign(new Error('not now'), { code: 'EAI_AGAIN' })
  }
  const url = 'udp://tracker.example:6969'
  await assert.rejects(
    UdpTracker.announce(url, { ...request, timeout: 700, transport: { lookup } }),
    (error) => {
      assert.equal(error.cause.code, 'EAI_AGAIN')
      assert.equal(error.phase, 'lookup')
      assert.equal(error.message, 'cannot resolve tracker host tracker.example: not now')
      return error.code === 'DNS'
    }
  )
})

test('the ports of a host have one look-up', async (t) => {
  const trackers = [await startScriptedTracker(t), await startScriptedTracker(t)]
  let asked = 0
  const lookup = async () => {
    asked++
    return ['127.0.0.1']
  }
  const announce = ({ port }) =>
    UdpTracker.announce(`udp://tracker.example:${port}`, { ...request, transport: { lookup } })
  await Promise.all(trackers.map(announce))
  assert.equal(asked, 1)
})

test('a host that has moved is found while the request is in flight', async (t) => {
  const tracker = await startScriptedTracker(t)
  // Nobody listens at the other address; a socket there lets nothing be refused.
  const silent = await startScriptedTracker(t, {
    address: '127.0.0.2',
    port: tracker.port,
    connect: () => {}
  })
  let moved = false
  const lookup = async () => [moved ? '127.0.0.1' : '127.0.0.2']
  const url = `udp://tracker.example:${tracker.port}`
  const client = createClient(t, url, { transport: { lookup }, _timeout: 15000 })
  client.announce(2)
  await silent.nextConnect()
  moved = true
  await nextUpdate(client)
})

test('of 10,000 addresses the first 256 are asked', async (t) => {
  const tracker = await startScriptedTracker(t)
  const url = `udp://tracker.example:${tracker.port}`
  const good = '127.0.0.1'
  // What comes behind the first 256 is not even looked at.
  const lookup = async () => [good, ...Array(255).fill(good), ...Array(9744).fill('nonsense')]
  await UdpTracker.announce(url, { ...request, transport: { lookup } })
})

test('the signal of a look-up is aborted when its last request ends', async (t) => {
  let signals = 0
  let aborted
  const allAborted = new Promise((resolve) => (aborted = resolve))
  const lookup = (host, { signal }) => {
    signals++
    signal.addEventListener('abort', aborted)
    return new Promise(() => {})
  }
  const transport = { lookup }
  const url = 'udp://tracker.example:6969'
  const client = createClient(t, url, { transport })
  client.announce(2)
  await assert.rejects(UdpTracker.announce(url, { ...request, timeout: 20, transport }), {
    code: 'TIMEOUT'
  })
  assert.equal(signals, 1)
  client.destroy()
  // Something else keeps the process alive meanwhile.
  await deadline(allAborted, 'the signal was not aborted')
})

test('a look-up that hangs holds up no other host', async (t) => {
  const tracker = await startScriptedTracker(t)
  const lookup = (host) =>
    host.startsWith('dead') ? new Promise(() => {}) : Promise.resolve(['127.0.0.1'])
  const transport = { lookup }
  for (let i = 0; i < 100; i++) {
    createClient(t, `udp://dead${i}.example:1`, { transport }).announce(2)
  }
  await UdpTracker.announce(`udp://alive.example:${tracker.port}`, { ...request, transport })
})

test('an address that it refuses later is not used from an earlier answer', async (t) => {
  const tracker = await startScriptedTracker(t)
  const refuse = async (host, { family }) => {
    const addresses = ['10.0.0.1', '127.0.0.1'].filter((address) => isIPv4(address) || family === 6)
    throw new Error(`${host} is private: ${addresses}`)
  }
  const allow = { lookup: async () => ['127.0.0.1'] }
  const url = `udp://rebinding.example:${tracker.port}`
  await UdpTracker.announce(url, { ...request, transport: allow })
  // Another function is another transport, and knows nothing of what that one found.
  await assert.rejects(UdpTracker.announce(url, { ...request, transport: { lookup: refuse } }), {
    code: 'DNS'
  })
})

test('two functions are two transports', async (t) => {
  const tracker = await startScriptedTracker(t)
  const url = `udp://tracker.example:${tracker.port}`
  for (let i = 0; i < 2; i++) {
    await UdpTracker.announce(url, { ...request, transport: { lookup: async () => ['127.0.0.1'] } })
  }
  assert.equal(tracker.connectionIds.length, 2)
})

test('too many transports at once are an error, and those that have ended make room', async (t) => {
  const tracker = await startScriptedTracker(t)
  const url = `udp://tracker.example:${tracker.port}`
  const hanging = []
  for (let i = 0; i < 64; i++) {
    const transport = { lookup: () => new Promise(() => {}) }
    const client = createClient(t, url, { transport })
    client.announce(2)
    hanging.push(client)
  }
  const transport = { lookup: async () => ['127.0.0.1'] }
  await assert.rejects(UdpTracker.announce(url, { ...request, transport }), {
    code: 'NETWORK',
    message: 'more than 64 transports in use'
  })
  await UdpTracker.announce(tracker.url, request)
  hanging[0].destroy()
  await UdpTracker.announce(url, { ...request, transport })
  for (const client of hanging) client.destroy()
  // Deno finalizes the session at the end of the file, and calls what is on its way to it behind that.
  await UdpTracker.announce(tracker.url, request)
})
