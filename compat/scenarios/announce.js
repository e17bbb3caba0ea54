// What an announce puts on the wire and what its answer becomes: the same in both.
'use strict'

const { announceAnswer, connectAnswer, errorAnswer } = require('../support/packets.js')
const { PEER_ID, INFO_HASH } = require('../support/arguments.js')

const ROWS = '0a0a0a050080' + '64383a636f6d'
const UPDATE = 'emits update { leechers: 5, seeds: 7, peers: [] }'
const REQUEST = INFO_HASH.toString('hex') + PEER_ID.toString('hex')

const uint32 = (value) => value.toString(16).padStart(8, '0')
const uint64 = (value) => value.toString(16).padStart(16, '0')

// An announce as it arrives: the counts, the event, IP 0, key 0, num_want 50 and the port.
function announced({ downloaded = 0, left = 0, uploaded = 0, event = 2, port = 1234 } = {}) {
  const counts = [downloaded, left, uploaded].map(uint64).join('')
  const tail = uint32(event) + uint32(0) + uint32(0) + uint32(50) + uint32(port).slice(4)
  return `announce connection ID ${REQUEST}${counts}${tail}`
}

const CONNECT = 'connect protocol ID'

module.exports = [
  {
    name: 'an announce updates with leechers, seeds and peers, in that order',
    tracker: { announce: (request) => announceAnswer(request, { peers: ROWS }) },
    client: ({ create }) => create().announce(2, { downloaded: 1, left: 2, uploaded: 3 }),
    both: {
      emits: [
        "emits update { leechers: 5, seeds: 7, peers: [ '10.10.10.5:128', '100.56.58.99:28525' ] }"
      ],
      sends: [CONNECT, announced({ downloaded: 1, left: 2, uploaded: 3 })],
      exit: 'exit code 0'
    }
  },
  ...[0, 1, 2, 3].map((event) => ({
    name: `event ${event} goes out as ${event}`,
    client: ({ create, attempt }) => {
      const tracker = create()
      attempt('announce', () => tracker.announce(event, {}))
    },
    both: { emits: [UPDATE], sends: [CONNECT, announced({ event })] }
  })),
  {
    name: 'an event number in a string is that number',
    client: ({ create }) => create().announce('1', {}),
    both: { emits: [UPDATE], sends: [CONNECT, announced({ event: 1 })] }
  },
  {
    name: 'a hex string is an info-hash and a UTF-8 string is a peer ID',
    client: ({ UdpTracker, url, watch }) => {
      const tracker = new UdpTracker(PEER_ID.toString(), INFO_HASH.toString('hex'), url, {})
      watch(tracker).announce(2, {})
    },
    both: { emits: [UPDATE], sends: [CONNECT, announced({ port: 0 })] }
  },
  {
    name: 'options may be left out, of the constructor and of announce',
    client: ({ UdpTracker, url, watch, attempt }) => {
      const tracker = watch(new UdpTracker(PEER_ID, INFO_HASH, url))
      attempt('announce', () => tracker.announce(2))
    },
    both: { emits: [UPDATE], sends: [CONNECT, announced({ port: 0 })] }
  },
  {
    name: 'a count that is null or undefined is 0',
    client: ({ create }) => create().announce(2, { downloaded: null, left: undefined }),
    both: { emits: [UPDATE], sends: [CONNECT, announced()] }
  },
  {
    name: 'a count goes up to the largest safe integer',
    client: ({ create }) => create().announce(2, { left: Number.MAX_SAFE_INTEGER }),
    both: { emits: [UPDATE], sends: [CONNECT, announced({ left: Number.MAX_SAFE_INTEGER })] }
  },
  {
    name: 'the counts of an answer are unsigned',
    tracker: {
      announce: (request) => announceAnswer(request, { leechers: 2 ** 32 - 1, seeds: 2 ** 31 })
    },
    both: { emits: ['emits update { leechers: 4294967295, seeds: 2147483648, peers: [] }'] }
  },
  {
    name: 'a port of 65535 and a port in a string are sent',
    client: ({ create }) => {
      create({ opts: { port: 65535 }, label: 'first ' })
        .on('update', () => create({ opts: { port: '1234' } }).announce(2))
        .announce(2)
    },
    announcesOnly: true,
    both: {
      emits: [UPDATE.replace('update', 'first update'), UPDATE],
      sends: [announced({ port: 65535 }), announced({ port: 1234 })]
    }
  },
  {
    name: 'a host name is looked up',
    host: 'localhost',
    both: { emits: [UPDATE], sends: [CONNECT, announced({ downloaded: 1 })] }
  },
  {
    name: 'a URL without a port means port 80',
    port: 80,
    url: 'udp://127.0.0.1',
    both: { emits: [UPDATE], sends: [CONNECT, announced({ downloaded: 1 })] }
  },
  ...[
    ['in capitals', (url) => url.replace('udp', 'UDP')],
    ['with blanks around it', (url) => ` ${url}\n`]
  ].map(([what, written]) => ({
    name: `a URL ${what} is a URL`,
    client: ({ create, url }) => create({ announceUrl: written(url) }).announce(2),
    both: { emits: [UPDATE], sends: [CONNECT, announced()] }
  })),
  {
    name: 'an announce from inside an error listener starts over',
    tracker: {
      connect: (request) =>
        request.nth === 1 ? errorAnswer(request, 'try again') : connectAnswer(request)
    },
    client: ({ create }) => {
      const tracker = create()
      tracker.on('error', () => tracker.announce(0, { left: 9 }))
      tracker.announce(2, {})
    },
    both: {
      emits: ["emits error 'try again'", UPDATE],
      sends: [CONNECT, CONNECT, announced({ left: 9, event: 0 })]
    }
  },
  {
    name: 'the fields that applications read change at the same moments',
    client: ({ create, fields, remains }) => {
      const tracker = create()
      const opts = { downloaded: 1 }
      fields(tracker, 'new')
      tracker.announce(2, opts)
      fields(tracker, 'announced')
      tracker.on('update', () => {
        fields(tracker, 'updated')
        tracker.destory()
        remains(tracker)
      })
    },
    both: { emits: [UPDATE] }
  },
  {
    name: 'the fields after an error, and those of a tracker without options',
    tracker: { connect: (request) => errorAnswer(request, 'no') },
    client: ({ UdpTracker, url, watch, fields, report }) => {
      const opts = { _timeout: 0 }
      const hash = INFO_HASH.toString('hex')
      fields(new UdpTracker('abcdefghijklmnopqrst', hash, url), 'without options')
      const tracker = watch(new UdpTracker('abcdefghijklmnopqrst', hash, url, opts))
      const announced = {}
      tracker.announce(2, announced)
      report(`kept: ${tracker.opts === opts}, ${tracker._last_opts === announced}`)
      tracker.on('error', () => fields(tracker, 'failed'))
    },
    both: { emits: ["emits error 'no'"] }
  },
  {
    name: 'fields that an application sets are what the next announce uses',
    client: ({ create }) => {
      const tracker = create()
      tracker.infoHash = Buffer.alloc(20, 0xaa)
      tracker.peerId = Buffer.alloc(20, 0xbb)
      tracker.port = Buffer.from([0x1f, 0x90])
      tracker.announce(2)
    },
    both: {
      emits: [UPDATE],
      sends: (sends) =>
        sends[1].includes('aa'.repeat(20) + 'bb'.repeat(20)) && sends[1].endsWith('1f90')
    }
  }
]
