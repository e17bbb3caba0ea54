// What the tracker itself has to say (action 3) comes out as the text of `error`.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { createClient, nextError } = require('./support/client.js')
const wire = require('./support/wire.js')

const messages = [
  ['abcdefgh', 'abcdefgh', 'is passed on as it is'],
  ['x', 'x', 'of one byte is passed on'],
  ['Torrent nicht erlaubt – „verboten“ 🚫', 'Torrent nicht erlaubt – „verboten“ 🚫', 'is UTF-8'],
  ['unregistered torrent\0', 'unregistered torrent', 'loses a NUL behind it'],
  ['two\0parts', 'two\0parts', 'keeps a NUL within it'],
  [' spaces and\nlines \n', ' spaces and\nlines \n', 'keeps its spaces'],
  [Buffer.from('bad \xff byte', 'latin1'), 'bad \ufffd byte', 'that is not UTF-8 is still a text'],
  ['m'.repeat(60_000), 'm'.repeat(60_000), 'can be as long as a datagram']
]

for (const [sent, text, behaviour] of messages) {
  test(`a tracker's message ${behaviour}`, async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => wire.errorResponse(request, sent)
    })
    const client = createClient(t, tracker.url)
    client.announce(2)

    assert.equal(await nextError(client), text)
    assert.equal(tracker.announces.length, 1)
    assert.equal(client._socket, null)
  })
}

test("a tracker's message to a connect request is passed on too", async (t) => {
  const tracker = await startScriptedTracker(t, {
    connect: (request) => wire.errorResponse(request, 'go away')
  })
  const client = createClient(t, tracker.url)
  client.announce(2)

  assert.equal(await nextError(client), 'go away')
  assert.equal(tracker.connects.length, 1)
  assert.deepEqual(tracker.announces, [])
  assert.equal(client._socket, null)
})

test("a tracker's message to a connect request reaches all that wait for it", async (t) => {
  const tracker = await startScriptedTracker(t, {
    connect: (request) => wire.errorResponse(request, 'go away')
  })
  const clients = Array.from({ length: 10 }, () => createClient(t, tracker.url))
  clients.forEach((client) => client.announce(2))

  const texts = await Promise.all(clients.map((client) => nextError(client)))
  assert.deepEqual(texts, Array(10).fill('go away'))
})

test('after an error the same object can announce again', async (t) => {
  const tracker = await startScriptedTracker(t, {
    announce: (request) => wire.errorResponse(request, 'not today')
  })
  const client = createClient(t, tracker.url)
  for (let i = 0; i < 3; i++) {
    client.announce(2)
    assert.equal(await nextError(client), 'not today')
  }

  // The second had a connection ID that had been in use: its first error might have been about that.
  assert.equal(tracker.announces.length, 4)
})
