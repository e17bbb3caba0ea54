// How a tracker object is inherited from, and what it means for the process around it.
'use strict'

const { EventEmitter } = require('node:events')
const { inherits } = require('node:util')
const { announceAnswer, errorAnswer } = require('../support/packets.js')
const { PEER_ID, INFO_HASH, OTHER_INFO_HASH } = require('../support/arguments.js')

const UPDATE = 'emits update { leechers: 5, seeds: 7, peers: [] }'
const OTHER_UPDATE = UPDATE.replace('update', 'other update')

const silence = () => []
const twoAnnounces = (sends) => sends.length === 2

// An announce by a tracker of a class that inherits, until its update.
function announceAs(Tracker, { UdpTracker, url, watch, report }) {
  const tracker = watch(new Tracker(url))
  const kinds = [Tracker, UdpTracker, EventEmitter].map((kind) => tracker instanceof kind)
  report(`instance of all three: ${kinds}, ${tracker.own}`)
  tracker.on('update', () => tracker.destory())
  tracker.announce(2)
}

module.exports = [
  {
    name: 'a class that extends it announces',
    client: (context) => {
      const { UdpTracker } = context
      class Tracker extends UdpTracker {
        constructor(announceUrl) {
          super(PEER_ID, INFO_HASH, announceUrl, { port: 1 })
          this.own = 'own'
        }
      }
      announceAs(Tracker, context)
    },
    both: { emits: [UPDATE], sends: (sends) => sends.length === 2, exit: 'exit code 0' }
  },
  {
    name: 'a constructor that inherits from it with util.inherits announces',
    client: (context) => {
      const { UdpTracker } = context
      function Tracker(announceUrl) {
        UdpTracker.call(this, PEER_ID, INFO_HASH, announceUrl, { port: 1 })
        this.own = 'own'
      }
      inherits(Tracker, UdpTracker)
      announceAs(Tracker, context)
    },
    both: { emits: [UPDATE], sends: (sends) => sends.length === 2, exit: 'exit code 0' }
  },
  {
    name: 'a request in flight keeps the process alive',
    // Nothing but the request is there to send the second and the third connect.
    tracker: { connect: (request, stage) => (request.nth === 3 ? stage.end() : undefined) },
    client: ({ create }) => create({ opts: { port: 1, _timeout: 50 } }).announce(2),
    both: {
      emits: [],
      sends: Array(3).fill('connect protocol ID'),
      exit: 'ended by the test'
    }
  },
  {
    name: 'an error that no one listens for ends the process',
    tracker: { connect: (request) => errorAnswer(request, 'no') },
    client: ({ UdpTracker, url }) => new UdpTracker(PEER_ID, INFO_HASH, url).announce(2),
    both: { emits: [], exit: 'exit code 1' }
  },
  {
    name: 'an update listener that throws ends the process with its error',
    client: ({ create }) => {
      const tracker = create()
      tracker.on('update', () => {
        throw new TypeError('a listener failed')
      })
      tracker.announce(2)
    },
    both: { emits: [UPDATE], exit: 'exit code 1' }
  },
  {
    name: 'a listener that throws takes no other tracker with it where the application goes on',
    // Both answers are under way before either is read.
    tracker: {
      announce: (request) => {
        const requests = [...request.earlier, request]
        if (requests.length === 2) for (const each of requests) each.reply(announceAnswer(each))
      }
    },
    client: (context) => {
      process.on('uncaughtException', () => {})
      context
        .create()
        .on('update', () => {
          throw new Error('a listener failed')
        })
        .announce(2)
      context.create({ label: 'other ', infoHash: OTHER_INFO_HASH }).announce(2)
    },
    announcesOnly: true,
    unordered: true,
    both: { emits: [OTHER_UPDATE, UPDATE], sends: twoAnnounces, exit: 'exit code 0' }
  },
  {
    name: 'process.exit while a request is in flight ends the process with its code',
    tracker: { connect: (request, stage) => stage.tell('connect arrived') ?? silence() },
    client: async ({ create, told }) => {
      create().announce(2)
      await told('connect arrived')
      process.exit(3)
    },
    both: { emits: [], sends: ['connect protocol ID'], exit: 'exit code 3' }
  }
]
