// One announce over each family, told apart in the result.
'use strict'

const { onlyWait } = require('./support/interval-clock.js')
const clock = require('./support/limit-clock.js')
const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { UdpTracker, INFO_HASH, PEER_ID, REQUEST } = require('./support/client.js')
const { createClient, nextUpdate, nextError } = require('./support/client.js')
const { recordEvents, allDelivered } = require('./support/client.js')
const { withoutIPv6 } = require('./support/loopback.js')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const wire = require('./support/wire.js')

const request = { ...REQUEST, _timeout: 50, family: 'both' }

// Trackers of one host and port, one a family.
async function startBoth(t, script4 = {}, script6 = {}) {
  for (;;) {
    const four = await startScriptedTracker(t, { family: 4, ...script4 })
    try {
      const six = await startScriptedTracker(t, { family: 6, port: four.port, ...script6 })
      return { four, six, url: `udp://localhost:${four.port}` }
    } catch (error) {
      if (error.code !== 'EADDRINUSE') throw error
    }
  }
}

const lookup = async () => ['127.0.0.1', '::1']
const transport = { lookup }

test('each family is announced over, with one key', { skip: withoutIPv6 }, async (t) => {
  const script = (seeds) => ({ announce: (request) => wire.announceResponse(request, { seeds }) })
  const { four, six, url } = await startBoth(t, script(4), script(6))
  for (let i = 0; i < 2; i++) {
    const results = await UdpTracker.announce(url, { ...request, transport })
    assert.deepEqual(Object.keys(results), ['4', '6'])
    assert.deepEqual([results[4].seeds, results[6].seeds], [4, 6])
  }
  const keys = [...four.announces, ...six.announces].map(({ key }) => key)
  assert.equal(keys.length, 4)
  assert.equal(new Set(keys).size, 1, 'one key a process')

  await UdpTracker.announce(url, { ...request, key: 7, transport })
  assert.deepEqual([four.announces[2].key, six.announces[2].key], [7, 7])
})

test('a family that fails has its error in its place', { skip: withoutIPv6 }, async (t) => {
  const { url } = await startBoth(t, {}, { announce: (r) => wire.errorResponse(r, 'no IPv6 here') })
  const results = await UdpTracker.announce(url, { ...request, transport })
  assert.equal(results[4].interval, 1800)
  assert.ok(results[6] instanceof UdpTracker.TrackerError)
  assert.deepEqual([results[6].code, results[6].message], ['TRACKER_ERROR', 'no IPv6 here'])
})

test('a host without one of the families has an error in its place', async (t) => {
  const tracker = await startScriptedTracker(t)
  const results = await UdpTracker.announce(tracker.url, request)
  assert.equal(results[4].interval, 1800)
  assert.deepEqual(
    [results[6].code, results[6].message],
    ['DNS', 'tracker host 127.0.0.1 has no IPv6 address']
  )
})

test('it rejects if both fail, with both errors', async (t) => {
  const tracker = await startScriptedTracker(t, { announce: (r) => wire.errorResponse(r, 'no') })
  const error = await UdpTracker.announce(tracker.url, request).catch((error) => error)
  assert.equal(error.message, 'IPv4: no; IPv6: tracker host 127.0.0.1 has no IPv6 address')
  assert.equal(error.code, 'TRACKER_ERROR')
  assert.deepEqual([error.errors[4].code, error.errors[6].code], ['TRACKER_ERROR', 'DNS'])
})

test('an aborted signal rejects with its reason, whatever that is', async (t) => {
  const tracker = await startScriptedTracker(t, { announce: silent })
  for (const reason of [undefined, 'enough', null, 0]) {
    const abort = new AbortController()
    const announced = UdpTracker.announce(tracker.url, { ...request, family: 'both', signal: abort.signal, transport }) // prettier-ignore
    abort.abort(reason)
    await assert.rejects(
      announced.then(() => assert.fail('resolved')),
      (error) => {
        return error === abort.signal.reason
      }
    )
  }
})

test('what cannot be announced throws before anything is sent', async () => {
  await assert.rejects(
    UdpTracker.announce('udp://127.0.0.1', { ...request, port: 99999 }),
    RangeError
  )
  await assert.rejects(
    UdpTracker.announce('udp://127.0.0.1', { ...request, family: 'all' }),
    RangeError
  )
  await assert.rejects(
    UdpTracker.scrape('udp://127.0.0.1', [INFO_HASH], { family: 'both' }),
    RangeError
  )
  assert.throws(() => new UdpTracker(PEER_ID, INFO_HASH, 'udp://x', { family: 'all' }), RangeError)
})

describe('a tracker object that announces over both', () => {
  const script = (seeds, interval) => ({
    announce: (request) => wire.announceResponse(request, { seeds, interval })
  })
  const both = { family: 'both', transport, _timeout: 50 }

  test('emits an update for each family, told apart', { skip: withoutIPv6 }, async (t) => {
    const { four, six, url } = await startBoth(t, script(4, 900), script(6, 1200))
    const client = createClient(t, url, both)
    const updates = []
    const second = new Promise((resolve) => {
      client.on('update', (update) => updates.push(update) === 2 && resolve())
    })
    client.announce('started')
    await second
    updates.sort((a, b) => a.family - b.family)
    assert.deepEqual(updates, [
      { leechers: 0, seeds: 4, peers: [], family: 4 },
      { leechers: 0, seeds: 6, peers: [], family: 6 }
    ])
    assert.deepEqual(Object.keys(updates[0]), ['leechers', 'seeds', 'peers', 'family'])
    assert.equal(four.announces[0].key, six.announces[0].key)
    assert.notEqual(four.announces[0].key, 0)
    assert.deepEqual([client.interval, onlyWait().wait], [1200, 1_200_000])
    assert.deepEqual([client._socket, client._in_interval], [null, true])
    client.destroy()
  })

  test('is as quiet as one of them while that one works', { skip: withoutIPv6 }, async (t) => {
    for (const failing of [4, 6]) {
      const refusing = { announce: (request) => wire.errorResponse(request, 'no') }
      const scripts = failing === 4 ? [refusing, script(6)] : [script(4), refusing]
      const { url } = await startBoth(t, ...scripts)
      const client = createClient(t, url, both)
      const events = recordEvents(client)
      client.announce('started')
      await nextUpdate(client)
      while (client._socket !== null) await allDelivered(t)
      assert.deepEqual(
        events.map(([name, { family }]) => [name, family]),
        [['update', 10 - failing]]
      )
      client.destroy()
    }
  })

  test('is as quick and as quiet as one of them where the tracker has no other', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url, { family: 'both' })
    client.announce('started')
    assert.equal((await nextUpdate(client)).family, 4)
    while (client._socket !== null) await allDelivered(t)
    client.destroy()

    tracker.script.announce = (request) => wire.errorResponse(request, 'not on my list')
    const refused = createClient(t, tracker.url, { family: 'both' })
    refused.announce('started')
    assert.equal(await nextError(refused), 'not on my list')
  })

  test('has one error if both fail, with the words of both', { skip: withoutIPv6 }, async (t) => {
    const saying = (text) => ({ announce: (request) => wire.errorResponse(request, text) })
    const { url } = await startBoth(t, saying('not here'), saying('not there'))
    const client = createClient(t, url, { ...both, retry: true })
    client.announce('started')
    assert.equal(await nextError(client), 'IPv4: not here; IPv6: not there')
    assert.deepEqual([client._socket, client.failures], [null, 1])
    client.destroy()
  })

  test(
    'waits no longer for a silent family than fifteen seconds',
    { skip: withoutIPv6 },
    async (t) => {
      const { six, url } = await startBoth(t, script(4), { announce: silent })
      const client = createClient(t, url, { family: 'both', transport })
      client.announce('started')
      await nextUpdate(client)
      await six.nextAnnounce()
      clock.pass(14_999)
      assert.ok(client._socket)
      clock.pass(1)
      assert.equal(client._socket, null)
      client.destroy()
    }
  )

  test('is ended as a whole', { skip: withoutIPv6 }, async (t) => {
    const { four, six, url } = await startBoth(t, { announce: silent }, { announce: silent })
    const client = createClient(t, url, both)
    const events = recordEvents(client)
    client.announce('started')
    const requests = [await four.nextAnnounce(), await six.nextAnnounce()]
    client.destroy()
    await four.send(wire.announceResponse(requests[0]), requests[0])
    await six.send(wire.announceResponse(requests[1]), requests[1])
    await allDelivered(t, 4)
    await allDelivered(t, 6)
    assert.deepEqual(events, [])
    assert.equal(clock.count(), 0)
  })

  test('says stopped over each', { skip: withoutIPv6 }, async (t) => {
    const { four, six, url } = await startBoth(t)
    const client = createClient(t, url, both)
    assert.equal(await client.stop(), true)
    const [[first], [second]] = [four.announces, six.announces]
    assert.deepEqual([first.event, first.numWant, second.event, second.numWant], [3, 0, 3, 0])
  })

  test('scrapes over either', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url, { family: 'both' })
    const scraped = new Promise((resolve) => client.once('scrape', resolve))
    client.scrape()
    assert.equal((await scraped).length, 1)
  })
})
