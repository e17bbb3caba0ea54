// A silent tracker: each phase sends seven times, and the wait after the n-th send is _timeout * 2^n.
// These are the only scenarios that measure waits, so they run by themselves: waits.test.js.
'use strict'

const { announceAnswer, connectAnswer } = require('../support/packets.js')

const UPDATE = 'emits update { leechers: 5, seeds: 7, peers: [] }'
const _timeout = 10
const WAITS = [20, 40, 80, 160, 320, 640, 1280]

const announce = ({ create }) => create({ opts: { port: 1234, _timeout } }).announce(2)
const silence = () => []

module.exports = [
  {
    name: 'an answer to a retransmission updates',
    tracker: {
      connect: (request) => (request.nth < 2 ? [] : connectAnswer(request)),
      announce: (request) => (request.nth < 3 ? [] : announceAnswer(request))
    },
    client: announce,
    both: { emits: [UPDATE], sends: (sends) => sends.length === 5, exit: 'exit code 0' }
  },
  {
    name: 'a connect is sent seven times, then the tracker is given up',
    tracker: { connect: silence },
    client: announce,
    waits: WAITS,
    both: {
      emits: ["emits error 'tracker is not responding after:2560'"],
      sends: Array(7).fill('connect protocol ID'),
      exit: 'exit code 0'
    }
  },
  {
    name: 'an announce is sent seven times, then the tracker is given up',
    tracker: { announce: silence },
    client: announce,
    waits: WAITS,
    both: {
      emits: ["emits error 'tracker is not responding after:2560'"],
      sends: (sends) => sends.length === 8 && new Set(sends.slice(1)).size === 1,
      exit: 'exit code 0'
    }
  }
]
