// What clients announce, and what they make of the answers.
'use strict'

const wire = require('../../../__test__/support/wire.js')

const FULL = {
  interval: 1800,
  leechers: 3,
  seeds: 12,
  peers: ['192.0.2.10:6881', '198.51.100.7:51413']
}
const full = { announce: (request) => wire.announceResponse(request, FULL) }

const PEERS = ["emits peer '192.0.2.10:6881'", "emits peer '198.51.100.7:51413'"]
const UPDATE = "emits update { announce: 'URL', complete: 12, incomplete: 3 }"

// The part of what was sent that a scenario is about.
const events = (sends) => sends.map((send) => /event \d/.exec(send)[0])
const field = (name) => (sends) =>
  sends.map((send) => new RegExp(`${name} ([^,\\s]+)`).exec(send)[1])

const count = (number) => (list) => list.length === number

// Announces with these options past the client, whose defaults would be put in.
const directly = (opts) => {
  return ({ create }) => create()._trackers[0].announce(opts)
}

module.exports = [
  {
    name: 'start, update, complete and stop',
    tracker: full,
    client: ({ create }) => {
      const client = create()
      const steps = ['start', 'update', 'complete', 'stop']
      const next = () => steps.length > 0 && client[steps.shift()]()
      client.on('peer', (peer) => peer.startsWith('198') && next())
      next()
    },
    both: {
      sends: (sends) => events(sends).join() === 'event 2,event 0,event 1,event 3',
      reports: [1, 2, 3, 4].flatMap(() => [UPDATE, ...PEERS])
    }
  },
  {
    name: 'an event of the name paused',
    client: directly({ event: 'paused', numwant: 50 }),
    both: { sends: (sends) => events(sends).join() === 'event 4' }
  },
  {
    name: 'an event that does not exist',
    client: directly({ event: 'sneezed', numwant: 50 }),
    both: { sends: (sends) => events(sends).join() === 'event 0' }
  },
  {
    name: 'an event by its number',
    client: directly({ event: '2', numwant: 50 }),
    both: { sends: (sends) => events(sends).join() === 'event 0' }
  },
  {
    name: 'counters and how many peers are wanted',
    client: ({ create }) => create().start({ uploaded: 1, downloaded: 2, left: 3, numwant: 4 }),
    both: {
      sends: ([send]) =>
        send.includes('downloaded 2, left 3, uploaded 1, ip 0 key 0 numwant 4 port')
    }
  },
  {
    name: 'counters above 2^32',
    client: ({ create }) =>
      create().start({ uploaded: 2 ** 32, downloaded: 2 ** 40, left: 2 ** 53 }),
    both: { sends: (sends) => field('left')(sends)[0] === String(2 ** 53) }
  },
  {
    name: 'counters in strings',
    client: ({ create }) => create().start({ uploaded: '5000000000', downloaded: '7', left: '0' }),
    both: { sends: ([send]) => send.includes('downloaded 7, left 0, uploaded 5000000000') }
  },
  {
    name: 'counters as BigInts',
    client: ({ create }) => create().start({ uploaded: 5000000000n, left: 2n ** 63n }),
    both: { sends: ([send]) => send.includes(`left ${2n ** 63n}, uploaded 5000000000`) }
  },
  {
    name: 'counters with a fraction, below 2^32',
    client: ({ create }) => create().start({ uploaded: 1.9, left: 2.5 }),
    both: { sends: ([send]) => send.includes('left 2, uploaded 1,') }
  },
  {
    name: 'counters with a fraction, above 2^32',
    why: 'a fraction is cut off whatever comes before it',
    client: ({ create }) => create().start({ left: 5e9 + 0.5 }),
    theirs: {
      sends: [],
      exit: 1,
      reports: (reports) =>
        reports.length === 1 && /^uncaught .*cannot be converted/.test(reports[0])
    },
    ours: { sends: (sends) => field('left')(sends)[0] === '5000000000', exit: 0 }
  },
  {
    name: 'nothing said of what is left',
    client: ({ create }) => create().start(),
    both: { sends: (sends) => field('left')(sends)[0] === 'unknown' }
  },
  {
    name: 'what is left is NaN, as of every magnet link',
    why: 'a torrent of unknown size is no seed',
    client: ({ create }) => create().start({ left: NaN }),
    theirs: { sends: (sends) => field('left')(sends)[0] === '0' },
    ours: { sends: (sends) => field('left')(sends)[0] === 'unknown' }
  },
  {
    name: 'what is left is negative',
    why: 'no number of bytes is below zero: it is not known',
    client: ({ create }) => create().start({ left: -1 }),
    theirs: { sends: (sends) => field('left')(sends)[0] === '4294967295' },
    ours: { sends: (sends) => field('left')(sends)[0] === 'unknown' }
  },
  {
    name: 'a number of peers wanted that the tracker is to choose',
    client: ({ create }) => create().start({ numwant: -1 }),
    both: { sends: (sends) => field('numwant')(sends)[0] === '-1' }
  },
  {
    name: 'numbers of peers wanted as a text and with a fraction',
    client: ({ create }) => {
      const client = create()
      client.once('update', () => client.start({ numwant: 7.9 }))
      client.start({ numwant: '80' })
    },
    both: { sends: (sends) => field('numwant')(sends).join() === '80,7' }
  },
  {
    name: 'no peer wanted',
    client: ({ create }) => create().start({ numwant: 0 }),
    both: { sends: (sends) => field('numwant')(sends)[0] === '0' }
  },
  {
    name: 'a tracker of its own that is not told how many peers are wanted',
    why: 'who says nothing wants what everybody gets',
    client: directly({}),
    theirs: { sends: (sends) => field('numwant')(sends)[0] === '0' },
    ours: { sends: (sends) => field('numwant')(sends)[0] === '50' }
  },
  {
    name: 'options of getAnnounceOpts',
    client: ({ create }) => {
      create({ getAnnounceOpts: () => ({ left: 9, event: 'completed' }) }).start({ left: 1 })
    },
    both: { sends: ([send]) => send.includes('event 2, downloaded 0, left 9') }
  },
  {
    name: 'an info-hash and a peer ID in hex',
    client: ({ create }) => {
      create({ infoHash: 'AB'.repeat(20), peerId: '2d'.repeat(20) }).start()
    },
    both: { sends: ([send]) => send.startsWith(`announce, ${'ab'.repeat(20)}, ${'-'.repeat(20)},`) }
  },
  {
    name: 'a URL with a path',
    why: "BEP 41: path and query are the tracker's to know",
    path: '/announce?passkey=1',
    client: ({ create }) => create().start(),
    theirs: { sends: ([send]) => !send.includes('and ') },
    ours: { sends: ([send]) => send.endsWith('and \x02\x13/announce?passkey=1') }
  },
  {
    name: 'a URL with a slash behind it, and the same without',
    client: ({ create, url }) => create({ announce: [`${url}/`, url] }).start(),
    both: { sends: count(1) }
  },
  {
    name: 'an IPv6 literal',
    why: 'their look-up takes the brackets for a part of the name',
    tracker: { family: 6 },
    client: ({ create }) => create().start(),
    theirs: { sends: [], reports: (reports) => /ENOTFOUND .*\(URL\)/.test(reports[0]) },
    ours: { sends: count(1) }
  },
  {
    name: 'an interval of a second',
    tracker: {
      announce: (request) => wire.announceResponse(request, { interval: 1 })
    },
    client: ({ create, hold }) => {
      const release = hold()
      const client = create()
      let updates = 0
      client.on('update', () => {
        if (++updates === 2) {
          client.destroy()
          release()
        }
      })
      client.start()
    },
    both: { sends: (sends) => events(sends).join() === 'event 2,event 0', exit: 0 }
  },
  {
    name: 'an interval of 0',
    tracker: { announce: (request) => wire.announceResponse(request, { interval: 0 }) },
    client: ({ create, report }) => watchIntervals(report, () => create().start()),
    both: { reports: (reports) => reports[0] === 'interval of 1800000' && reports.length === 2 }
  },
  {
    name: 'an interval of 2^32 - 1',
    why: 'a timer of Node.js that is longer than 2^31 - 1 ms fires at once: 837 announces a second',
    tracker: { announce: (request) => wire.announceResponse(request, { interval: 2 ** 32 - 1 }) },
    client: ({ create, report }) => watchIntervals(report, () => create().start()),
    theirs: { reports: (reports) => reports[1] === `interval of ${(2 ** 32 - 1) * 1000}` },
    ours: { reports: (reports) => reports[1] === `interval of ${2 ** 31 - 1}` }
  },
  {
    name: 'setInterval with nothing, 0 and a time',
    client: ({ create, report }) => {
      watchIntervals(report, () => {
        const client = create()
        client.setInterval()
        client.setInterval(0)
        client.setInterval(5000)
      })
    },
    both: { reports: ['interval of 1800000', 'interval of 5000'] }
  },
  {
    name: 'setInterval with what is below 0, and what is too long',
    why: 'both fire at once',
    client: ({ create, report }) => {
      watchIntervals(report, () => {
        const client = create()
        client.setInterval(-5)
        client.setInterval(Infinity)
      })
    },
    theirs: { reports: ['interval of -5', 'interval of Infinity'] },
    ours: { reports: [`interval of ${2 ** 31 - 1}`] }
  },
  {
    name: 'a listener that throws',
    tracker: full,
    client: ({ create }) => {
      const client = create()
      client.on('update', () => {
        throw new Error('a mistake of the application')
      })
      client.start()
    },
    both: { reports: [UPDATE, 'uncaught a mistake of the application'], exit: 1 }
  },
  {
    name: 'a program that announces and does nothing more',
    tracker: full,
    client: ({ create }) => create().start(),
    both: { reports: [UPDATE, ...PEERS], exit: 0 }
  }
]

// Reports the intervals that are set, which do not run.
function watchIntervals(report, play) {
  globalThis.setInterval = (callback, ms) => {
    report(`interval of ${ms}`)
    return { unref() {} }
  }
  play()
}
