// One announce over each family, told apart in the result.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { UdpTracker, INFO_HASH, PEER_ID, REQUEST } = require('./support/client')
const { withoutIPv6 } = require('./support/loopback')
const { startScriptedTracker, silent } = require('./support/scripted-tracker')
const wire = require('./support/wire')

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
  assert.throws(() => new UdpTracker(PEER_ID, INFO_HASH, 'udp://x', { family: 'both' }), RangeError)
})
