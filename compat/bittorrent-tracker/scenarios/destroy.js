// A client that is destroyed, at each moment of a request.
'use strict'

const wire = require('../../../__test__/support/wire.js')

const full = {
  announce: (request) =>
    wire.announceResponse(request, { peers: ['192.0.2.10:6881', '198.51.100.7:51413'] })
}

const UPDATE = "emits update { announce: 'URL', complete: 0, incomplete: 0 }"
const PEERS = ["emits peer '192.0.2.10:6881'", "emits peer '198.51.100.7:51413'"]
const GONE = 'destroyed'

const events = (sends) => sends.map((send) => /event (\d)/.exec(send)[1]).join()
const count = (number) => (list) => list.length === number

const silent = () => []

// Destroys it, and reports when that is done.
const end = (client, { report }) => client.destroy(() => report(GONE))

module.exports = [
  {
    name: 'before anything was asked',
    client: (context) => end(context.create(), context),
    both: { reports: [GONE], sends: [], exit: 0 }
  },
  {
    name: 'in the tick of the announce',
    tracker: full,
    client: (context) => {
      const client = context.create()
      client.start()
      end(client, context)
    },
    both: { reports: [GONE], sends: count(1), exit: 0 }
  },
  {
    name: 'in the tick of stop',
    tracker: full,
    client: (context) => {
      const client = context.create()
      client.once('update', () => {
        client.stop()
        end(client, context)
      })
      client.start()
    },
    // Theirs still emits the peers of the answer.
    both: { sends: (sends) => events(sends) === '2,3', exit: 0 },
    ignoresReports: true
  },
  {
    name: 'while the connect is on its way',
    tracker: {
      ...full,
      connect: (request, tracker, stage) => {
        stage.tell('connect')
        stage.said('destroyed').then(() => {
          tracker.send(wire.connectResponse(request, tracker.issueConnectionId()), request)
        })
      }
    },
    client: async (context) => {
      const client = context.create()
      client.start()
      await context.told('connect')
      end(client, context)
      context.say('destroyed')
    },
    both: { reports: [GONE], sends: count(1), exit: 0 }
  },
  {
    name: 'while the announce is unanswered',
    tracker: {
      announce: (request, tracker, stage) => {
        stage.tell('announce')
        return []
      }
    },
    client: async (context) => {
      const client = context.create()
      client.start()
      await context.told('announce')
      end(client, context)
    },
    both: { reports: [GONE], sends: (sends) => sends.length >= 1, exit: 0 },
    // Ours may have sent it again.
    ignoresSends: true
  },
  {
    name: 'while a scrape is unanswered',
    tracker: {
      scrape: (request, tracker, stage) => {
        stage.tell('scrape')
        return []
      }
    },
    client: async (context) => {
      const client = context.create()
      client.scrape()
      await context.told('scrape')
      end(client, context)
    },
    both: { reports: [GONE], exit: 0 },
    ignoresSends: true
  },
  {
    name: 'at a tracker that is silent',
    tracker: { connect: silent },
    client: (context) => {
      const client = context.create()
      client.start()
      client.stop()
      end(client, context)
    },
    both: { reports: [GONE], sends: [], exit: 0 }
  },
  {
    name: 'after the answer',
    tracker: full,
    client: (context) => {
      const client = context.create()
      client.on('peer', (peer) => peer.startsWith('198') && end(client, context))
      client.start()
    },
    both: { reports: [UPDATE, ...PEERS, GONE], exit: 0 }
  },
  {
    name: 'in the listener of the answer',
    why: 'who has destroyed it wants to hear no more',
    tracker: full,
    client: (context) => {
      const client = context.create()
      client.on('update', () => end(client, context))
      client.start()
    },
    theirs: { reports: (reports) => PEERS.every((peer) => reports.includes(peer)) },
    ours: { reports: [UPDATE, GONE], exit: 0 }
  },
  {
    name: 'and then told to announce and to scrape',
    client: (context) => {
      const client = context.create()
      const [tracker] = client._trackers
      end(client, context)
      client.start()
      client.scrape()
      tracker.announce({})
      tracker.scrape({})
    },
    both: { reports: [GONE], sends: [], exit: 0 }
  },
  {
    name: 'twice',
    why: 'theirs does not call the second one back',
    client: (context) => {
      const client = context.create()
      end(client, context)
      end(client, context)
    },
    implementations: ['own'],
    theirs: { reports: [GONE] },
    ours: { reports: [GONE, GONE] }
  }
]
