// The Client of bittorrent-udp-tracker/bittorrent-tracker under test.
'use strict'

const { once } = require('node:events')
const { Client } = require('../../lib/bittorrent-tracker/index.js')
const { deadline } = require('./deadline.js')
const wire = require('./wire.js')

const INFO_HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'
const PEER_ID = '2d58583031303000000000000000000000000000'
const URL = 'udp://127.0.0.1:6969'

const GIVEN = { infoHash: INFO_HASH, peerId: PEER_ID, announce: URL, port: 6881 }

function create(t, opts) {
  const client = new Client({ ...GIVEN, ...opts })
  t.after(() => client.destroy())
  return client
}

const heard = (emitter, event) =>
  deadline(
    once(emitter, event).then(([value]) => value),
    `no ${event}`
  )

// `count` of an event, in order.
function all(emitter, event, count) {
  const values = []
  const done = new Promise((resolve) => {
    emitter.on(event, (value) => {
      values.push(value)
      if (values.length === count) resolve(values)
    })
  })
  return deadline(done, `not ${count} times ${event}`)
}

// The static scrape as a promise: what it calls back with.
const scrape = (opts) =>
  deadline(
    new Promise((resolve) => {
      Client.scrape(opts, (error, results) => resolve({ error, results }))
    }),
    'no end of the scrape'
  )

// Info-hashes by number, and a tracker that has that number as their seeds.
const hash = (number) => number.toString(16).padStart(40, '0')
const seedsByHash = {
  scrape: (request) =>
    wire.scrapeResponse(
      request,
      request.infoHashes.map((bytes) => ({ seeds: bytes.readUInt16BE(18) }))
    )
}

module.exports = {
  GIVEN,
  INFO_HASH,
  PEER_ID,
  URL,
  all,
  create,
  hash,
  heard,
  scrape,
  seedsByHash
}
