// Datagrams on which ours differs on purpose: those that crash the original, make it spin, or end an
// announce that the tracker's real answer would have completed.
'use strict'

const packets = require('../support/packets.js')
const { announceAnswer, connectAnswer, errorAnswer, otherTransactionId } = packets
const { OTHER_INFO_HASH } = require('../support/arguments.js')

const UPDATE = 'emits update { leechers: 5, seeds: 7, peers: [] }'
const OTHER_UPDATE = UPDATE.replace('update', 'other update')
const CONNECT_ID = "emits error 'transactionId is not same as in connect request'"
const ANNOUNCE_ID = "emits error 'transactionId is not same as in announce request'"

const updates = { emits: [UPDATE], exit: 'exit code 0' }
const fails = (error) => ({ emits: [error], exit: 'exit code 0' })
const crashes = { emits: [], exit: 'exit code 1' }
const failsSomehow = {
  emits: (emits) => emits.length === 1 && /^emits error '.+'$/.test(emits[0]),
  exit: 'exit code 0'
}

// A datagram that is not the tracker's answer, and the answer right behind it.
const before = (forged, valid) => (request) => [forged(request), valid(request)]
const forgedConnect = (request) => connectAnswer(otherTransactionId(request))
const forgedAnnounce = (request) => announceAnswer(otherTransactionId(request))
const forgedError = (request) => errorAnswer(otherTransactionId(request), 'forged')
const validAnnounce = (request) => announceAnswer(request)

// The process lives on until another tracker object has announced twice, a second apart.
const untilAnotherHasAnnouncedTwice = (context) => {
  const release = context.hold()
  context
    .create()
    .once('update', () => {
      const other = context.create({ label: 'other ', infoHash: OTHER_INFO_HASH })
      let count = 0
      other.on('update', () => ++count === 2 && release())
      other.announce(2)
    })
    .announce(2)
}

const isOther = (request) => request.bytes.includes(OTHER_INFO_HASH)

module.exports = [
  ...[0, 3].map((length) => ({
    name: `an answer of ${length} bytes is an error (the original crashes)`,
    tracker: { connect: () => Buffer.alloc(length) },
    original: crashes,
    ours: failsSomehow
  })),
  {
    name: 'an answer shorter than 8 bytes does not beat the real one (the original gives up)',
    tracker: { connect: before(() => Buffer.alloc(4), connectAnswer) },
    original: fails("emits error 'connect response is not 16 bytes long'"),
    ours: updates
  },
  {
    name: 'a connect answer longer than 16 bytes is accepted (the original gives up)',
    tracker: { connect: (request) => Buffer.concat([connectAnswer(request), Buffer.alloc(8)]) },
    original: fails("emits error 'connect response is not 16 bytes long'"),
    ours: updates
  },
  {
    name: 'a forged connect answer does not beat the real one (the original gives up)',
    tracker: { connect: before(forgedConnect, connectAnswer) },
    original: fails(CONNECT_ID),
    ours: updates
  },
  {
    name: 'a forged announce answer does not beat the real one (the original gives up)',
    tracker: { announce: before(forgedAnnounce, validAnnounce) },
    original: fails(ANNOUNCE_ID),
    ours: updates
  },
  {
    name: 'a forged error does not beat the real answer (the original gives up)',
    tracker: { announce: before(forgedError, validAnnounce) },
    original: fails(CONNECT_ID),
    ours: updates
  },
  {
    name: 'a connect answer that arrives twice is dropped (the original gives up)',
    tracker: {
      connect: (request) => [connectAnswer(request), connectAnswer(request)]
    },
    original: fails(CONNECT_ID),
    ours: updates
  },
  {
    name: 'an answer from another port is dropped (the original takes it)',
    tracker: {
      announce: (request) => {
        request.replyFromBeside(announceAnswer(request, { seeds: 666 }))
        return announceAnswer(request)
      }
    },
    original: fails('emits update { leechers: 5, seeds: 666, peers: [] }'),
    ours: updates
  },
  {
    name: 'an answer to an earlier send of the announce is taken (the original gives up)',
    tracker: { announce: ({ nth, earlier }) => (nth === 2 ? announceAnswer(earlier[0]) : []) },
    client: ({ create }) => create({ opts: { port: 1, _timeout: 50 } }).announce(2),
    original: fails(ANNOUNCE_ID),
    ours: updates
  },
  {
    name: 'a partial last row of peers is ignored (the original crashes)',
    tracker: { announce: (request) => announceAnswer(request, { peers: '0a0a0a050080' + '6438' }) },
    original: crashes,
    ours: {
      emits: ["emits update { leechers: 5, seeds: 7, peers: [ '10.10.10.5:128' ] }"],
      exit: 'exit code 0'
    }
  },
  {
    name: 'an error about the connection ID gets one new connect (the original gives up)',
    tracker: {
      announce: (request) =>
        request.nth === 1
          ? errorAnswer(request, 'Connection ID missmatch.\0')
          : announceAnswer(request)
    },
    original: fails("emits error 'Connection ID missmatch.\\x00'"),
    ours: { ...updates, sends: (sends) => sends.length === 4 && sends[2] === 'connect protocol ID' }
  },
  {
    name: 'a second error about the connection ID is passed on',
    tracker: { announce: (request) => errorAnswer(request, 'Connection ID missmatch.\0') },
    original: { sends: (sends) => sends.length === 2 },
    ours: {
      emits: (emits) => /^emits error 'Connection ID missmatch\./.test(emits.join()),
      sends: (sends) => sends.length === 4,
      exit: 'exit code 0'
    }
  },
  {
    name: 'an interval of 0 waits a second (the original spins)',
    tracker: {
      announce: (request, stage) =>
        request.nth === 3 ? stage.end() : announceAnswer(request, { interval: 0 })
    },
    client: ({ create, hold }) => {
      hold()
      create().announce(2)
    },
    original: { emits: [UPDATE, UPDATE], exit: 'ended by the test' },
    ours: {
      emits: [UPDATE, UPDATE],
      sentAt: (times) => times.at(-1) - times.at(-2) > 900,
      exit: 'ended by the test'
    }
  },
  ...[2147484, 4294967295].map((interval) => ({
    name: `an interval of ${interval} s is held at a timer's maximum (the original spins)`,
    tracker: {
      announce: (request, stage) => {
        if (request.nth === 10) return stage.end()
        return announceAnswer(request, { interval: isOther(request) ? 1 : interval })
      }
    },
    client: untilAnotherHasAnnouncedTwice,
    original: { exit: 'ended by the test' },
    ours: {
      emits: [UPDATE, OTHER_UPDATE, OTHER_UPDATE],
      exit: 'exit code 0'
    }
  }))
]
