// Where the interface of ours does more than the original's, or what the original cannot survive.
'use strict'

const { PEER_ID, INFO_HASH, OTHER_INFO_HASH } = require('../support/arguments.js')

const UPDATE = 'emits update { leechers: 5, seeds: 7, peers: [] }'
const OTHER_UPDATE = UPDATE.replace('update', 'other update')
const UNKNOWN_EVENT = "emits error 'unknown event'"

const updates = { emits: [UPDATE], exit: 'exit code 0' }
const bytesOf = (send) => Buffer.from(send.split(' ').at(-1), 'hex')
const kinds = (sends) => sends.map((send) => send.split(' ')[0]).join(' ')

// An announce is 98 bytes, and the first 16 are not among those recorded.
const ANNOUNCE_LENGTH = 98 - 16
const requestString = (sends) => bytesOf(sends.at(-1)).subarray(ANNOUNCE_LENGTH)

// The option and its length, what it says, and padding or an end if any.
const URL_DATA = new RegExp(`^020f${Buffer.from('/announce?key=1').toString('hex')}(0[01])*$`)

function emitsOneErrorNaming(text) {
  return (emits) =>
    emits.length === 1 &&
    emits[0].startsWith("emits error '") &&
    emits[0].includes(text) &&
    !emits[0].includes('not responding')
}

function constructs(what, args, thrown) {
  return {
    name: `${what} throws ${thrown.split(' ')[0]}`,
    client: ({ UdpTracker, url, attempt, report }) =>
      attempt('constructor', () => {
        const values = { peerId: PEER_ID, infoHash: INFO_HASH, opts: {}, ...args }
        new UdpTracker(values.peerId, values.infoHash, url, values.opts)
        report('constructed')
      }),
    ours: {
      reports: ([report]) => {
        const [kind, ...words] = thrown.split(' ')
        const starts = report.startsWith(`constructor throws ${kind}: `)
        return starts && words.every((word) => report.includes(word))
      },
      sends: []
    }
  }
}

module.exports = [
  {
    name: 'an unknown event is an error and nothing is sent (the original crashes)',
    client: ({ create, attempt }) => {
      const tracker = create()
      attempt('announce', () => tracker.announce(5, {}))
    },
    original: { emits: [UNKNOWN_EVENT], sends: ['connect protocol ID'], exit: 'exit code 1' },
    ours: { emits: [UNKNOWN_EVENT], sends: [], exit: 'exit code 0' }
  },
  ...[undefined, null, 'begun', -1, 1.5, {}, 'constructor'].map((event) => ({
    name: `event ${JSON.stringify(event)} is unknown and nothing is sent (the original crashes)`,
    client: ({ create, attempt }) => {
      const tracker = create()
      attempt('announce', () => tracker.announce(event, {}))
    },
    ours: { emits: [UNKNOWN_EVENT], sends: [], exit: 'exit code 0' }
  })),
  ...['none', 'completed', 'started', 'stopped'].map((word, number) => ({
    name: `the event '${word}' is ${number} (the original crashes)`,
    client: ({ create }) => create().announce(word, {}),
    original: { emits: [UNKNOWN_EVENT], exit: 'exit code 1' },
    ours: { ...updates, sends: (sends) => bytesOf(sends[1]).readUInt32BE(64) === number }
  })),
  {
    name: 'destroy and destory are one function (the original has destory alone)',
    client: ({ create, attempt }) => {
      const tracker = create()
      tracker.announce(2)
      attempt('destroy', () => tracker.destroy())
      attempt('comparison', () => tracker.destroy === tracker.destory)
    },
    ours: {
      reports: ['destroy returns undefined', 'comparison returns true'],
      exit: 'exit code 0'
    }
  },
  {
    name: 'an announce after destory inside the interval is silent (the original emits an error)',
    client: ({ create, attempt }) => {
      const tracker = create()
      tracker.on('update', () => {
        tracker.destory()
        attempt('announce', () => tracker.announce(3))
      })
      tracker.announce(2)
    },
    original: { emits: [UPDATE, "emits error 'not calling announce'"] },
    ours: { ...updates, reports: (reports) => reports.at(-1) === 'announce returns undefined' }
  },
  {
    name: 'force announces inside the interval (the original refuses)',
    client: ({ create }) => {
      const tracker = create()
      tracker.once('update', () => tracker.announce(3, { force: true }))
      tracker.announce(2)
    },
    original: { emits: [UPDATE, "emits error 'not calling announce'"] },
    ours: {
      emits: [UPDATE, UPDATE],
      sends: (sends) => kinds(sends) === 'connect announce announce'
    }
  },
  {
    name: 'announces within a minute share a connection ID (the original connects for each)',
    client: ({ create }) => {
      create()
        .on('update', () => create({ label: 'other ', infoHash: OTHER_INFO_HASH }).announce(2))
        .announce(2)
    },
    original: { sends: (sends) => kinds(sends) === 'connect announce connect announce' },
    ours: {
      emits: [UPDATE, OTHER_UPDATE],
      sends: (sends) => kinds(sends) === 'connect announce announce'
    }
  },
  {
    name: 'announces in one tick share a connect (the original connects for each)',
    client: ({ create }) => {
      create().announce(2)
      create({ label: 'other ', infoHash: OTHER_INFO_HASH }).announce(2)
    },
    unordered: true,
    original: {
      sends: (sends) => kinds([...sends].sort()) === 'announce announce connect connect'
    },
    ours: {
      emits: [OTHER_UPDATE, UPDATE],
      sends: (sends) => kinds(sends) === 'connect announce announce'
    }
  },
  {
    name: 'path and query go out as a BEP 41 option (the original leaves them out)',
    client: ({ create, url }) => create({ announceUrl: `${url}/announce?key=1` }).announce(2),
    original: { ...updates, sends: (sends) => requestString(sends).length === 0 },
    ours: {
      ...updates,
      sends: (sends) => URL_DATA.test(requestString(sends).toString('hex'))
    }
  },
  {
    name: 'path and query stay out with urlData false, as in the original',
    client: ({ create, url }) =>
      create({ announceUrl: `${url}/announce?key=1`, opts: { urlData: false } }).announce(2),
    both: { ...updates, sends: (sends) => requestString(sends).length === 0 }
  },
  ...['http://127.0.0.1:1/announce', 'no URL', 'udp://', 'udp://127.0.0.1:99999', ''].map(
    (url) => ({
      name: `the URL '${url}' is an error that names it`,
      client: ({ create, attempt }) => {
        const tracker = create({ announceUrl: url, opts: { _timeout: 1 } })
        attempt('announce', () => tracker.announce(2))
      },
      ours: { emits: emitsOneErrorNaming(url), sends: [], exit: 'exit code 0' }
    })
  ),
  {
    name: 'no URL at all is an error (the original throws)',
    client: ({ UdpTracker, watch, attempt }) => {
      const tracker = watch(new UdpTracker(PEER_ID, INFO_HASH, undefined))
      attempt('announce', () => tracker.announce(2))
    },
    original: { emits: [], reports: ([report]) => report.startsWith('announce throws TypeError') },
    ours: { emits: emitsOneErrorNaming('undefined'), exit: 'exit code 0' }
  },
  {
    name: 'a host that does not exist is an error that names it (the original gives up on it late)',
    url: 'udp://tracker.invalid:6969',
    client: ({ create }) => create({ opts: { _timeout: 1 } }).announce(2),
    original: { emits: ["emits error 'tracker is not responding after:256'"] },
    ours: { emits: emitsOneErrorNaming('tracker.invalid'), exit: 'exit code 0' }
  },
  constructs('a peer ID of 19 bytes', { peerId: Buffer.alloc(19) }, 'RangeError peerId 19'),
  constructs('a peer ID of 21 characters', { peerId: 'a'.repeat(21) }, 'RangeError peerId 21'),
  constructs('an info-hash of 21 bytes', { infoHash: Buffer.alloc(21) }, 'RangeError infoHash 21'),
  constructs('an info-hash of 38 digits', { infoHash: '0'.repeat(38) }, 'RangeError infoHash'),
  constructs('an info-hash that is a number', { infoHash: 20 }, 'TypeError infoHash'),
  constructs('no peer ID', { peerId: undefined }, 'TypeError peerId'),
  constructs('a port of 65536', { opts: { port: 65536 } }, 'RangeError port'),
  constructs('a negative port', { opts: { port: -1 } }, 'RangeError port'),
  ...[-1, 1.5, 2 ** 53, Infinity, -(2n ** 64n)].map((count) => ({
    name: `a count of ${count} throws RangeError before anything is sent`,
    client: ({ create, attempt }) => {
      const tracker = create()
      attempt('announce', () => tracker.announce(2, { uploaded: count }))
    },
    ours: {
      reports: (reports) =>
        reports.length === 1 &&
        reports[0].startsWith('announce throws RangeError: ') &&
        reports[0].includes('uploaded'),
      sends: [],
      exit: 'exit code 0'
    }
  }))
]
