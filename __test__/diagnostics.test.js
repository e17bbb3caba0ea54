// The channels of diagnostics_channel: each datagram sent and answered, each one sent again, each failed request.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const diagnosticsChannel = require('node:diagnostics_channel')
const UdpTracker = require('..')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { startScript } = require('./support/child.js')
const { createClient, nextUpdate, nextError, INFO_HASH, PEER_ID } = require('./support/client.js')
const { withoutAddresses } = require('./support/loopback.js')
const wire = require('./support/wire.js')

const NAMES = ['send', 'retransmission', 'answer', 'error']

// Every message of the channels named, in order, until the test ends.
function listen(t, ...names) {
  const messages = []
  for (const name of names.length > 0 ? names : NAMES) {
    const channel = `bittorrent-udp-tracker:${name}`
    const onMessage = (message) => messages.push([name, message])
    diagnosticsChannel.subscribe(channel, onMessage)
    t.after(() => diagnosticsChannel.unsubscribe(channel, onMessage))
  }
  return messages
}

const bare = ([name, { roundTrip, ...message }]) => {
  assert.equal(typeof roundTrip === 'number', name === 'answer')
  if (name === 'answer') assert.ok(roundTrip >= 0 && roundTrip < 60_000, `${roundTrip} ms`)
  return [name, message]
}

describe('diagnostics channels', () => {
  test('tell of a connect and an announce, sent and answered, before the update', async (t) => {
    const tracker = await startScriptedTracker(t)
    const messages = listen(t)
    const client = createClient(t, tracker.url)
    client.announce('started')
    const seen = await new Promise((resolve) => {
      client.on('update', () => resolve(messages.map(bare)))
    })

    const address = `127.0.0.1:${tracker.port}`
    const connect = { request: 'connect', address, attempt: 1, url: null, infoHash: null }
    const infoHash = INFO_HASH.toString('hex')
    const announce = { request: 'announce', address, attempt: 1, url: tracker.url, infoHash }
    assert.deepEqual(seen, [
      ['send', connect],
      ['answer', connect],
      ['send', announce],
      ['answer', announce]
    ])
  })

  test('tell of each datagram that is sent again, and of the failure in the end', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const messages = listen(t, 'retransmission', 'error')
    const client = createClient(t, tracker.url, { _timeout: 2 })
    client.announce('started')
    const message = await nextError(client)

    const infoHash = INFO_HASH.toString('hex')
    const announce = { request: 'announce', url: tracker.url, infoHash }
    const address = `127.0.0.1:${tracker.port}`
    // On a machine that is slow the connect is sent again as well.
    const own = messages.filter(([, { request }]) => request === 'announce')
    assert.deepEqual(own, [
      ...[2, 3, 4, 5, 6, 7].map((attempt) => ['retransmission', { ...announce, address, attempt }]),
      ['error', { ...announce, message, code: 'TIMEOUT' }]
    ])
  })

  test('count the sends of each connect from 1', async (t) => {
    let lost = 2
    const tracker = await startScriptedTracker(t, {
      connect: (request, self) => {
        if (lost-- > 0) return []
        return wire.connectResponse(request, self.issueConnectionId())
      },
      announce: (request) => wire.errorResponse(request, 'Connection ID missmatch.\0')
    })
    const messages = listen(t, 'send')
    const client = createClient(t, tracker.url, { _timeout: 100 })
    client.announce('started')
    await nextError(client)

    const attempts = messages.map(([, { request, attempt }]) => `${request} ${attempt}`)
    assert.deepEqual(attempts, [
      'connect 1',
      'connect 2',
      'connect 3',
      'announce 1',
      'connect 1',
      'announce 1'
    ])
  })

  test('tell of promises and of scrapes, which ask for many info-hashes at once', async (t) => {
    const tracker = await startScriptedTracker(t, {
      scrape: (request) => wire.errorResponse(request, 'no')
    })
    const messages = listen(t, 'send', 'error')
    await UdpTracker.announce(tracker.url, { peerId: PEER_ID, infoHash: INFO_HASH, port: 6881 })
    await assert.rejects(UdpTracker.scrape(tracker.url, [INFO_HASH]), { message: 'no' })

    const shown = messages.map(([name, { request, url, infoHash }]) => [
      name,
      request,
      url === tracker.url,
      infoHash
    ])
    assert.deepEqual(shown, [
      ['send', 'connect', false, null],
      ['send', 'announce', true, INFO_HASH.toString('hex')],
      ['send', 'scrape', true, null],
      // The refusal might have been about the connection ID, which had been in use.
      ['send', 'connect', false, null],
      ['send', 'scrape', true, null],
      ['error', 'scrape', true, null]
    ])
  })

  test('are silent for those who have unsubscribed, and for nobody else', async (t) => {
    const tracker = await startScriptedTracker(t)
    const messages = []
    const onMessage = (message) => messages.push(message)
    diagnosticsChannel.subscribe('bittorrent-udp-tracker:answer', onMessage)
    const first = createClient(t, tracker.url)
    first.announce('started')
    await nextUpdate(first)
    assert.equal(messages.length, 2)
    diagnosticsChannel.unsubscribe('bittorrent-udp-tracker:answer', onMessage)

    const second = createClient(t, tracker.url)
    second.announce('started')
    await nextUpdate(second)
    assert.equal(messages.length, 2)

    const again = listen(t, 'answer')
    const third = createClient(t, tracker.url)
    third.announce('started')
    await nextUpdate(third)
    assert.equal(again.length, 1)
  })

  test('tell of decisions', { skip: withoutAddresses }, async (t) => {
    const tracker = await startScriptedTracker(t, { address: '127.0.0.2' })
    const messages = listen(t, 'decision')
    const transport = { lookup: async () => ['127.0.0.1', '127.0.0.2'] }
    await UdpTracker.ping(`udp://tracker.test:${tracker.port}`, { transport })
    const address = `127.0.0.2:${tracker.port}`
    assert.deepEqual(messages, [['decision', { decision: 'next-address', address, host: null }]])
  })

  test('tell of a look-up that is repeated', async (t) => {
    const tracker = await startScriptedTracker(t)
    const messages = listen(t, 'decision')
    let asked = 0
    const transport = {
      lookup: async () => {
        if (asked++ > 0) return ['127.0.0.1']
        throw Object.assign(new Error('try again'), { code: 'EAI_AGAIN' })
      }
    }
    await UdpTracker.ping(`udp://tracker.test:${tracker.port}`, { transport })
    const decision = 'look-up-repeated'
    assert.deepEqual(messages, [['decision', { decision, address: null, host: 'tracker.test' }]])
  })

  test('are written to standard error with NODE_DEBUG', async (t) => {
    const tracker = await startScriptedTracker(t)
    const code = 'UdpTracker.ping(process.env.TRACKER_URL)'
    const env = { NODE_DEBUG: 'bittorrent-udp-tracker' }
    const { stderr } = await startScript(t, code, tracker.url, env).exit()
    assert.match(stderr, new RegExp(`connect 1 sent to 127.0.0.1:${tracker.port}`))
    assert.match(
      stderr,
      new RegExp(`connect 1 answered by 127.0.0.1:${tracker.port} in [0-9.]+ ms`)
    )
  })

  test('a listener that throws loses no outcome', async (t) => {
    const tracker = await startScriptedTracker(t)
    const child = startScript(
      t,
      `
      process.on('uncaughtException', (error) => console.log(error.message))
      require('node:diagnostics_channel').subscribe('bittorrent-udp-tracker:send', () => {
        throw new Error('from a listener')
      })
      create().on('update', () => console.log('update')).announce(0)
      `,
      tracker.url
    )
    const { code, stdout } = await child.exit()
    assert.equal(code, 0)
    assert.deepEqual(stdout.trim().split('\n').sort(), [
      'from a listener',
      'from a listener',
      'update'
    ])
  })
})
