// What a TrackerError says beside its text: which tracker, where it went wrong, the system's reason, and who asked.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const {
  UdpTracker,
  INFO_HASH,
  createClient,
  nextError,
  REQUEST,
  rejection
} = require('./support/client.js')
const { notOnBun } = require('./support/runtimes.js')
const wire = require('./support/wire.js')

const { announce, scrape } = UdpTracker

describe('a TrackerError', () => {
  test('names the URL as it was given', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => wire.errorResponse(request, 'no')
    })
    const url = `${tracker.url}/announce?a=b`
    assert.equal((await rejection(announce(url, REQUEST))).url, url)
    assert.equal((await rejection(announce(new URL(url), REQUEST))).url, url)
    assert.equal((await rejection(scrape('no URL', [INFO_HASH]))).url, 'no URL')
  })

  test('of a look-up says so, with the code of the system', async () => {
    const error = await rejection(announce('udp://no-such-host.invalid:6969', REQUEST))
    assert.equal(error.phase, 'lookup')
    assert.ok(error.cause instanceof Error)
    assert.match(error.cause.code, /^(ENOTFOUND|EAI_AGAIN)$/)
    assert.ok(!('address' in error))
    assert.ok(!Object.keys(error).includes('cause'))
  })

  test('of a look-up that gives no address of the family says so', async () => {
    const error = await rejection(announce('udp://127.0.0.1:6969', { ...REQUEST, family: 6 }))
    assert.equal(error.phase, 'lookup')
    assert.ok(!('cause' in error))
  })

  for (const phase of ['connect', 'announce', 'scrape']) {
    test(`of an answer to ${phase} that is too short says so`, async (t) => {
      const tracker = await startScriptedTracker(t, {
        [phase]: ({ action, transactionId }) => wire.uint32(action, transactionId)
      })
      const call =
        phase === 'scrape' ? scrape(tracker.url, [INFO_HASH]) : announce(tracker.url, REQUEST)
      const error = await rejection(call)
      assert.deepEqual([error.code, error.phase], ['BAD_RESPONSE', phase])
    })
  }

  const withTailCalls = notOnBun('JavaScriptCore has tail calls, which no stack shows')
  test(
    'has the line of the call in its stack, however the promise is used',
    withTailCalls,
    async (t) => {
      const tracker = await startScriptedTracker(t, { connect: silent })
      const opts = { ...REQUEST, timeout: 5 }
      function thoseWhoAnnounce() {
        return announce(tracker.url, opts)
      }
      async function thoseWhoScrape() {
        return scrape(tracker.url, [INFO_HASH], { timeout: 5 })
      }
      const announced = await rejection(thoseWhoAnnounce())
      const [first, second] = announced.stack.split('\n')
      assert.equal(first, 'TrackerError: tracker is not responding after:5')
      assert.match(second, /thoseWhoAnnounce .*failures\.test\.js/)
      assert.match((await rejection(thoseWhoScrape())).stack, /thoseWhoScrape .*failures\.test\.js/)
    }
  )

  const withV8 = notOnBun('JavaScriptCore calls it, and throws, wherever an Error is made')
  test(
    "has a stack even where the application's Error.prepareStackTrace throws",
    withV8,
    async (t) => {
      const tracker = await startScriptedTracker(t, { connect: silent })
      const { prepareStackTrace, stackTraceLimit } = Error
      t.after(() => Object.assign(Error, { prepareStackTrace, stackTraceLimit }))
      Error.prepareStackTrace = () => {
        throw new Error('own')
      }
      const first = announce(tracker.url, { ...REQUEST, timeout: 5 }).catch(({ code }) => code)
      assert.equal(await first, 'TIMEOUT')
      Error.prepareStackTrace = (_, frames) => frames
      const second = announce(tracker.url, { ...REQUEST, timeout: 5 }).catch(({ code }) => code)
      assert.equal(await second, 'TIMEOUT')
      Error.prepareStackTrace = undefined
      Error.stackTraceLimit = 0
      const { stack } = await rejection(announce(tracker.url, { ...REQUEST, timeout: 5 }))
      assert.equal(stack, 'TrackerError: tracker is not responding after:5')
    }
  )
})

describe('the text of an error is never empty', () => {
  for (const message of ['\0', '\0\0\0\0', ' \0', '\n', ' ']) {
    test(`where the tracker's is ${JSON.stringify(message)}`, async (t) => {
      const tracker = await startScriptedTracker(t, {
        announce: (request) => wire.errorResponse(request, message)
      })
      const client = createClient(t, tracker.url)
      client.announce(2)
      assert.equal(await nextError(client), 'tracker error without a message')
      const error = await rejection(announce(tracker.url, REQUEST))
      assert.equal(error.code, 'TRACKER_ERROR')
      assert.equal(error.message, 'tracker error without a message')
    })
  }
})
