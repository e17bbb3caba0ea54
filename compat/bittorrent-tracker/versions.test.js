// `patch` on the classes of bittorrent-tracker 7 to 11, in this process.
'use strict'

const assert = require('node:assert/strict')
const dgram = require('node:dgram')
const { once } = require('node:events')
const { before, describe, test } = require('node:test')
const { deadline } = require('../../__test__/support/deadline.js')
const { startScriptedTracker } = require('../../__test__/support/scripted-tracker.js')
const { startSocksProxy } = require('../../__test__/support/socks-proxy.js')
const wire = require('../../__test__/support/wire.js')
const UdpTracker = require('../..')
const { patch, UDPTracker } = require('../../lib/bittorrent-tracker/index.js')

const PEER_ID = Buffer.from('-XX0001-012345678901')
const INFO_HASH = Buffer.from('00112233445566778899aabbccddeeff01234567', 'hex')
const PORT = 6881

const VERSIONS = ['7', '8', '9.7.0', '9', '10', '11']
// It ends what is in flight when it is destroyed, and so do the first ones of 8.
const WITHOUT_GRACE = ['7']
// Those that have the option at all.
const WITH_PROXY = ['9', '10', '11']

const answering = {
  announce: (request) => wire.announceResponse(request, { peers: ['192.0.2.10:6881'] }),
  scrape: (request) =>
    wire.scrapeResponse(
      request,
      request.infoHashes.map((bytes) => ({ seeds: bytes[19] }))
    )
}

const heard = (client, event) =>
  deadline(
    once(client, event).then(([value]) => value),
    `no ${event}`
  )
const destroyed = (client) => deadline(new Promise((resolve) => client.destroy(resolve)), 'no end')
const requests = () => UdpTracker.stats().requests

// Whether all that the tracker got came through the proxy, which has one socket for it: a direct one would come from another.
function cameThrough(proxy, tracker) {
  const ports = new Set(tracker.requests.map(({ from }) => from.port))
  return ports.size === 1 && proxy.targets.length >= tracker.requests.length
}

// All that a class and those it inherits from have of their own.
function propertiesOf(prototype) {
  const chain = []
  for (let one = prototype; one !== Object.prototype; one = Object.getPrototypeOf(one)) {
    chain.push(Object.getOwnPropertyDescriptors(one))
  }
  return chain
}

for (const version of VERSIONS) {
  describe(`bittorrent-tracker ${version}`, () => {
    let Client, Patched
    before(async () => {
      const { theirs, withOneArgument } = await import('./support/implementations.mjs')
      Patched = await theirs(version)
      Client = version === '7' ? withOneArgument(Patched) : Patched
    })

    const apply = (t, transport) => {
      const undo = patch(Patched, transport)
      t.after(undo)
      return undo
    }
    const create = (t, announce, opts) => {
      const client = new Client({
        peerId: PEER_ID,
        infoHash: INFO_HASH,
        port: PORT,
        wrtc: false,
        announce,
        ...opts
      })
      t.after(() => client.destroy())
      return client
    }
    const prototypeOf = (t) => {
      const [tracker] = create(t, 'udp://127.0.0.1:1')._trackers
      return Object.getPrototypeOf(tracker)
    }

    test('announces and scrapes through the engine', async (t) => {
      apply(t)
      const tracker = await startScriptedTracker(t, answering)
      const client = create(t, tracker.url)
      const earlier = requests()
      client.start({ left: 5, numwant: 9 })
      assert.deepEqual(await heard(client, 'update'), {
        announce: tracker.url,
        complete: 0,
        incomplete: 0
      })
      const [announce] = tracker.announces
      assert.deepEqual(announce.infoHash, INFO_HASH)
      assert.deepEqual(announce.peerId, PEER_ID)
      const { event, left, numWant, port } = announce
      assert.deepEqual(
        { event, left, numWant, port },
        { event: 2, left: 5n, numWant: 9, port: PORT }
      )

      client.update()
      assert.equal(await heard(client, 'peer'), '192.0.2.10:6881')
      client.scrape({ infoHash: [INFO_HASH] })
      assert.deepEqual(await heard(client, 'scrape'), {
        announce: tracker.url,
        infoHash: INFO_HASH.toString('hex'),
        complete: 0x67,
        downloaded: 0,
        incomplete: 0
      })
      assert.equal(requests() - earlier, 3)
    })

    test('an existing client uses it from its next request on', async (t) => {
      const tracker = await startScriptedTracker(t, answering)
      const client = create(t, tracker.url)
      const earlier = requests()
      client.start()
      await heard(client, 'update')
      assert.equal(requests(), earlier)
      apply(t)
      client.update()
      await heard(client, 'update')
      assert.equal(requests(), earlier + 1)
    })

    test("a request of bittorrent-tracker's that is in flight ends as it would have", async (t) => {
      const tracker = await startScriptedTracker(t, { announce: () => [] })
      const client = create(t, tracker.url)
      client.start()
      const request = await tracker.nextAnnounce()
      apply(t)
      const update = heard(client, 'update')
      await tracker.send(wire.announceResponse(request), request)
      await update
      await destroyed(client)
    })

    test('a request of this package in flight ends when the patch is undone and the client destroyed', async (t) => {
      const tracker = await startScriptedTracker(t, { announce: () => [] })
      const client = create(t, tracker.url)
      const undo = apply(t)
      client.start()
      await tracker.nextAnnounce()
      undo()
      await destroyed(client)
    })

    test('stop, directly followed by destroy, arrives', async (t) => {
      apply(t)
      const tracker = await startScriptedTracker(t, answering)
      const client = create(t, tracker.url)
      client.start()
      await heard(client, 'update')
      client.on('update', () => assert.fail('an update after destroy'))
      client.stop()
      await destroyed(client)
      // A late answer has the announce sent again.
      const events = new Set(tracker.announces.map(({ event }) => event))
      assert.deepEqual([...events], [2, 3])
    })

    test('without a patch that is lost on 7, and arrives on the others', async (t) => {
      const tracker = await startScriptedTracker(t, answering)
      const client = create(t, tracker.url)
      client.start()
      await heard(client, 'update')
      client.stop()
      await destroyed(client)
      // A datagram that comes behind everything of theirs.
      const last = dgram.createSocket('udp4')
      const arrived = once(tracker.socket, 'message')
      last.send('last', tracker.port, tracker.address)
      await arrived
      last.close()
      assert.equal(tracker.announces.length, WITHOUT_GRACE.includes(version) ? 1 : 2)
    })

    test('undo restores what was there, called once or twice', (t) => {
      const prototype = prototypeOf(t)
      const untouched = propertiesOf(prototype)
      const undo = patch(Patched)
      assert.equal(prototype.announce, UDPTracker.prototype.announce)
      assert.notDeepEqual(propertiesOf(prototype), untouched)
      undo()
      assert.deepEqual(propertiesOf(prototype), untouched)
      undo()
      assert.deepEqual(propertiesOf(prototype), untouched)
    })

    for (const order of ['reverse order', 'the order they were made in']) {
      test(`two patches that are undone in ${order} restore what was there`, (t) => {
        const prototype = prototypeOf(t)
        const untouched = propertiesOf(prototype)
        const undos = [patch(Patched), patch(Patched)]
        if (order === 'reverse order') undos.reverse()
        undos[0]()
        undos[0]()
        assert.equal(prototype.announce, UDPTracker.prototype.announce)
        undos[1]()
        assert.deepEqual(propertiesOf(prototype), untouched)
      })
    }

    test('a subclass with other arguments is patched by its base', async (t) => {
      class Mine extends Patched {
        constructor() {
          throw new Error('has other arguments')
        }
      }
      t.after(patch(Mine))
      const tracker = await startScriptedTracker(t, answering)
      const client = create(t, tracker.url)
      const earlier = requests()
      client.start()
      await heard(client, 'update')
      assert.equal(requests(), earlier + 1)
    })

    test('a transport stays in force when another patch has none', async (t) => {
      const proxy = await startSocksProxy(t)
      apply(t, { proxy: proxy.url })
      apply(t)
      const tracker = await startScriptedTracker(t, answering)
      const client = create(t, tracker.url)
      client.start()
      await heard(client, 'update')
      client.scrape()
      await heard(client, 'scrape')
      assert.ok(cameThrough(proxy, tracker))
    })

    describe("a client's own option", () => {
      test('transport is the way that its requests go', async (t) => {
        const [mine, ofAll] = [await startSocksProxy(t), await startSocksProxy(t)]
        apply(t, { proxy: ofAll.url })
        const tracker = await startScriptedTracker(t, answering)
        const client = create(t, tracker.url, { transport: { proxy: mine.url } })
        client.start()
        await heard(client, 'update')
        client.scrape()
        await heard(client, 'scrape')
        assert.ok(cameThrough(mine, tracker))
        assert.deepEqual(ofAll.targets, [])
      })

      const unusable = {
        'that is not there': { localAddress: '192.0.2.1' },
        'that is none': { proxy: 5 },
        'with a part that there is not': { interfaces: 'wg0' }
      }
      for (const [name, transport] of Object.entries(unusable)) {
        test(`transport ${name} is a warning, and nothing is sent`, async (t) => {
          apply(t)
          const tracker = await startScriptedTracker(t, answering)
          const client = create(t, tracker.url, { transport })
          client.on('update', () => assert.fail('an answer to a direct request'))
          for (const method of ['start', 'scrape']) {
            const warning = heard(client, 'warning')
            client[method]()
            const { code, message } = await warning
            assert.match(code, /^(NETWORK|ERR_INVALID_ARG_TYPE|ERR_INVALID_ARG_VALUE)$/, message)
          }
          assert.deepEqual(tracker.requests, [])
        })
      }

      test('family is the one that is asked', async (t) => {
        apply(t)
        const trackers = [await startScriptedTracker(t, answering)]
        const { port } = trackers[0]
        trackers.push(await startScriptedTracker(t, { ...answering, family: 6, port }))
        const transport = { lookup: () => ['127.0.0.1', '::1'] }
        const client = create(t, `udp://both.test:${port}`, { family: 6, transport })
        client.start()
        await heard(client, 'update')
        client.scrape()
        await heard(client, 'scrape')
        assert.deepEqual(trackers[0].requests, [])
      })

      test('leaves no trace where it is not given, nor of having been looked for', (t) => {
        const names = Object.getOwnPropertyNames(Object.prototype)
        const fields = Object.keys(create(t, 'udp://127.0.0.1:1'))
        apply(t)
        const complete = { rtcConfig: {}, getAnnounceOpts() {}, userAgent: '', proxyOpts: {} }
        for (const opts of [{}, complete]) {
          const client = create(t, ['udp://127.0.0.1:1', 'http://127.0.0.1:1'], opts)
          assert.deepEqual([client._transport, client._family], [undefined, undefined])
          const added = Object.keys(client).filter((name) => !fields.includes(name))
          assert.ok(
            added.every((name) => ['_transport', '_family'].includes(name)),
            added.join()
          )
          assert.equal(client.destroyed, false)
          assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), names)
        }
      })

      test('is not looked for any more once the patch is undone', (t) => {
        const untouched = propertiesOf(Patched.prototype)
        apply(t)()
        assert.deepEqual(propertiesOf(Patched.prototype), untouched)
        assert.equal(create(t, 'udp://127.0.0.1:1', { family: 4 })._family, undefined)
      })
    })

    test('scrape of the class goes the way of the transport in its options', async (t) => {
      const proxy = await startSocksProxy(t)
      apply(t)
      const tracker = await startScriptedTracker(t, answering)
      const opts = { announce: tracker.url, infoHash: INFO_HASH, transport: { proxy: proxy.url } }
      if (version === '7') return t.skip('7 takes no options there')
      await deadline(
        new Promise((resolve, reject) => {
          Patched.scrape(opts, (error) => (error ? reject(error) : resolve()))
        }),
        'no result'
      )
      assert.ok(cameThrough(proxy, tracker))
    })

    if (WITH_PROXY.includes(version)) {
      test('a proxy given as the package socks takes it is used, with its user name and password', async (t) => {
        apply(t)
        const proxy = await startSocksProxy(t, { method: () => 2 })
        const tracker = await startScriptedTracker(t, answering)
        const authentication = { username: 'me', password: 'secret' }
        const socksProxy = {
          proxy: { ipaddress: '127.0.0.1', port: proxy.port, type: 5, authentication }
        }
        const client = create(t, tracker.url, { proxyOpts: { socksProxy } })
        const earlier = requests()
        client.start()
        await heard(client, 'update')
        assert.deepEqual(proxy.credentials, [['me', 'secret']])
        assert.ok(cameThrough(proxy, tracker))
        assert.equal(requests() - earlier, 1)
      })

      test('without a patch a proxy throws, or is bypassed', async (t) => {
        const tracker = await startScriptedTracker(t, answering)
        const proxy = { ipaddress: '127.0.0.1', port: 1, type: 5 }
        const throwing = create(t, tracker.url, { proxyOpts: { socksProxy: { proxy } } })
        assert.throws(() => throwing.start(), TypeError)
        const ignoring = create(t, tracker.url, { proxyOpts: { socksProxy: {} } })
        ignoring.start()
        await heard(ignoring, 'update')
      })

      const proxies = {
        'an empty one': {},
        'one of version 4': { proxy: { ipaddress: '127.0.0.1', port: 1, type: 4 } },
        'one that is not there': { proxy: { ipaddress: '127.0.0.1', port: 1, type: 5 } },
        'one in words': 'socks5://127.0.0.1:1'
      }
      for (const [name, socksProxy] of Object.entries(proxies)) {
        test(`with a proxy nothing goes any other way: ${name}`, async (t) => {
          apply(t)
          const tracker = await startScriptedTracker(t, answering)
          const client = create(t, tracker.url, { proxyOpts: { socksProxy } })
          client.on('update', () => assert.fail('an answer to a direct request'))
          for (const method of ['start', 'scrape']) {
            const warning = heard(client, 'warning')
            client[method]()
            const { message } = await warning
            assert.ok(message.endsWith(` (${tracker.url})`), message)
          }
          assert.deepEqual(tracker.requests, [])
        })
      }
    }
  })
}

describe('patch throws, and names what it wants, for', () => {
  const noClients = {
    nothing: undefined,
    'an object': {},
    'a module with a default export': { default: class {} },
    'another class': require('node:events').EventEmitter,
    'a function': () => {},
    'a class that looks like it': class {
      _defaultAnnounceOpts() {}
    }
  }
  for (const [name, value] of Object.entries(noClients)) {
    test(name, () => {
      assert.throws(() => patch(value), {
        name: 'TypeError',
        message: /class Client of bittorrent-tracker/
      })
    })
  }
})
