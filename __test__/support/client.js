// The client under test: objects that a test's end destroys, and promises of what they emit.
'use strict'

const assert = require('node:assert/strict')
const { setTimeout } = require('node:timers/promises')
const UdpTracker = require('../..')
const { deadline } = require('./deadline.js')
const { startScriptedTracker } = require('./scripted-tracker.js')

const INFO_HASH = Buffer.from('12345678901234567890')
const PEER_ID = Buffer.from('-XX0100-abcdefghijkl')

// What a static announce needs at least.
const REQUEST = { infoHash: INFO_HASH, peerId: PEER_ID, port: 6881 }

function createClient(t, url, opts, Class = UdpTracker) {
  const client = new Class(PEER_ID, INFO_HASH, url, opts)
  t.after(() => client.destroy())
  return client
}

// The next `update` or `error` of a client, whichever comes first. `text` is the error's.
function nextOutcome(client, ms) {
  let settle
  const outcome = new Promise((resolve) => {
    settle = {
      update: (update) => resolve({ update }),
      error: (text) => resolve({ text })
    }
    client.on('update', settle.update)
    client.on('error', settle.error)
  })
  return deadline(outcome, 'the client emitted neither update nor error', ms).finally(() => {
    client.removeListener('update', settle.update)
    client.removeListener('error', settle.error)
  })
}

async function nextUpdate(client, ms) {
  const { update, text } = await nextOutcome(client, ms)
  if (text !== undefined) throw new Error(`expected an update, got error: ${text}`)
  return update
}

async function nextError(client, ms) {
  const { update, text } = await nextOutcome(client, ms)
  if (update !== undefined) {
    throw new Error(`expected an error, got update: ${JSON.stringify(update)}`)
  }
  return text
}

// The TrackerError a promise is rejected with.
async function rejection(promise) {
  const error = await deadline(
    promise.then(
      () => assert.fail('it was resolved'),
      (reason) => reason
    ),
    'the promise was neither resolved nor rejected'
  )
  assert.ok(error instanceof UdpTracker.TrackerError, String(error && error.stack))
  assert.ok(error instanceof Error)
  assert.equal(error.name, 'TrackerError')
  return error
}

// Every event of a client from now on, as [name, value].
function recordEvents(client) {
  const events = []
  client.on('update', (update) => events.push(['update', update]))
  client.on('error', (text) => events.push(['error', text]))
  return events
}

// When it returns, all that had reached this process before is dealt with: the datagrams of one family go through one
// socket and the outcomes through one queue, in order, so an announce made now ends behind them.
async function allDelivered(t, family = 4) {
  const tracker = await startScriptedTracker(t, { family })
  const client = createClient(t, tracker.url)
  client.announce(2)
  await nextUpdate(client)
}

// Waits until the process has counted that many of something, or more.
async function counted(counter, least) {
  // Looked at now and then, by the timers of Node.js: whatever waits for the engine is not to keep the machine busy.
  while (UdpTracker.stats()[counter] < least) await setTimeout(5)
}

module.exports = {
  UdpTracker,
  INFO_HASH,
  PEER_ID,
  REQUEST,
  createClient,
  nextOutcome,
  nextUpdate,
  nextError,
  recordEvents,
  allDelivered,
  counted,
  rejection
}
