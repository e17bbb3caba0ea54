// What clients make of answers that are none, of the tracker's own errors, and of silence.
'use strict'

const dgram = require('node:dgram')
const wire = require('../../../__test__/support/wire.js')

const start = ({ create }) => create().start()

const UPDATE = "emits update { announce: 'URL', complete: 0, incomplete: 0 }"

const silent = () => []

module.exports = [
  {
    name: "the tracker's own words",
    tracker: { announce: (request) => wire.errorResponse(request, 'torrent is not registered') },
    client: start,
    both: { reports: ['emits warning torrent is not registered'], exit: 0 }
  },
  {
    name: "the tracker's own words to a connect",
    tracker: { connect: (request) => wire.errorResponse(request, 'go away') },
    client: start,
    both: { reports: ['emits warning go away'], sends: [], exit: 0 }
  },
  {
    name: "the tracker's own words to a scrape",
    tracker: { scrape: (request) => wire.errorResponse(request, 'no scrape here') },
    client: ({ create }) => create().scrape(),
    both: { reports: ['emits warning no scrape here'], exit: 0 }
  },
  {
    name: 'an answer to the connect that is too short',
    tracker: { connect: (request) => wire.uint32(0, request.transactionId, 1) },
    client: start,
    both: { reports: ['emits warning invalid udp handshake (URL)'], exit: 0 }
  },
  {
    name: 'an answer to the announce that is too short',
    tracker: { announce: (request) => wire.uint32(1, request.transactionId, 1800, 1) },
    client: start,
    both: { reports: ['emits warning invalid announce message (URL)'], exit: 0 }
  },
  {
    name: 'an answer to the scrape without a row',
    tracker: { scrape: (request) => wire.uint32(2, request.transactionId) },
    client: ({ create }) => create().scrape(),
    both: { reports: ['emits warning invalid scrape message (URL)'], exit: 0 }
  },
  {
    name: 'an action that does not exist',
    tracker: { announce: (request) => wire.uint32(7, request.transactionId, 0, 0, 0) },
    client: start,
    both: { reports: ['emits warning tracker sent invalid action (URL)'], exit: 0 }
  },
  {
    name: 'a transaction ID that nobody asked with',
    tracker: { announce: (request) => wire.announceResponse(wire.wrongId(request)) },
    client: start,
    both: { reports: ['emits warning tracker sent invalid transaction id (URL)'], exit: 0 }
  },
  {
    name: 'a transaction ID that nobody asked with, and then the answer',
    why: 'anybody can send the one, and only the tracker the other',
    tracker: {
      announce: (request, tracker) => {
        tracker.send(wire.announceResponse(wire.wrongId(request)), request).then(() => {
          tracker.send(wire.announceResponse(request), request)
        })
      }
    },
    client: start,
    theirs: { reports: ['emits warning tracker sent invalid transaction id (URL)'] },
    ours: { reports: [UPDATE] }
  },
  {
    name: 'an answer from another port, and then the answer',
    why: "who answers is looked at: a forger's answer is none",
    tracker: {
      announce: (request, tracker) => {
        const forger = dgram.createSocket('udp4')
        const forged = wire.announceResponse(request, { seeds: 666 })
        forger.send(forged, request.from.port, request.from.address, () => {
          forger.close()
          tracker.send(wire.announceResponse(request), request)
        })
      }
    },
    client: start,
    theirs: { reports: [UPDATE.replace('complete: 0', 'complete: 666')] },
    ours: { reports: [UPDATE] }
  },
  {
    name: 'a last row of peers that is not whole',
    why: 'the peers before it are right',
    tracker: {
      announce: (request) =>
        wire.announceResponse(request, { peers: Buffer.from([192, 0, 2, 10, 0x1a, 0xe1, 7]) })
    },
    client: start,
    theirs: { reports: (reports) => reports.length === 2 && /^emits warning buf/.test(reports[1]) },
    ours: { reports: [UPDATE, "emits peer '192.0.2.10:6881'"] }
  },
  {
    name: 'a connect that is lost',
    why: 'what is lost is sent again',
    tracker: {
      connect: (request, tracker) =>
        tracker.connects.length === 1
          ? []
          : wire.connectResponse(request, tracker.issueConnectionId())
    },
    client: start,
    theirs: { reports: ['emits warning tracker request timed out (started) (URL)'], sends: [] },
    ours: { reports: [UPDATE] }
  },
  {
    name: 'an announce that is lost',
    why: 'what is lost is sent again',
    tracker: {
      announce: (request, tracker) =>
        tracker.announces.length === 1 ? [] : wire.announceResponse(request)
    },
    client: start,
    theirs: { reports: ['emits warning tracker request timed out (started) (URL)'] },
    ours: { reports: [UPDATE] }
  },
  {
    name: 'a tracker that is silent',
    tracker: { connect: silent },
    client: start,
    both: {
      reports: ['emits warning tracker request timed out (started) (URL)'],
      sends: [],
      exit: 0
    }
  },
  {
    name: 'a tracker that is silent when asked for what has no event',
    why: 'the text says what was asked',
    tracker: { connect: silent },
    client: ({ create }) => {
      create().update()
      create().scrape()
    },
    theirs: {
      reports: (reports) =>
        reports.every((report) => report.endsWith('timed out (undefined) (URL)'))
    },
    ours: {
      reports: [
        'emits warning tracker request timed out (update) (URL)',
        'emits warning tracker request timed out (scrape) (URL)'
      ]
    }
  },
  {
    name: 'a tracker that is silent when told of the end',
    tracker: { connect: silent },
    client: ({ create }) => create().stop(),
    both: { reports: [], sends: [], exit: 0 }
  },
  {
    name: 'a host that does not exist',
    why: 'the look-up is another one, and has its own words',
    client: ({ create }) => create({ announce: 'udp://tracker.invalid:6969' }).start(),
    theirs: {
      reports: (reports) =>
        reports.length === 1 &&
        /^emits warning getaddrinfo .* \(udp:\/\/tracker.invalid:6969\)$/.test(reports[0])
    },
    ours: {
      reports: (reports) =>
        reports.length === 1 &&
        /^emits warning cannot resolve .* \(udp:\/\/tracker.invalid:6969\)$/.test(reports[0])
    }
  }
]
