// What programs do with a tracker object, each as people wrote it.
'use strict'

const { announceAnswer, errorAnswer } = require('../support/packets.js')
const { PEER_ID, INFO_HASH } = require('../support/arguments.js')

const PEERS = '0a0a0a050080' + '64383a636f6d'
const UPDATE =
  "emits update { leechers: 5, seeds: 7, peers: [ '10.10.10.5:128', '100.56.58.99:28525' ] }"

const withPeers = (request) => announceAnswer(request, { peers: PEERS })

// Asks each tracker of a list for peers; no line is trimmed.
function askAll(list, { UdpTracker, watch, report }) {
  for (const line of list.split('\n')) {
    if (line === '') continue
    const tracker = watch(new UdpTracker(PEER_ID.toString(), INFO_HASH.toString('hex'), line))
    const failed = (error) => {
      report(`failed: ${error}`)
      tracker.removeListener('error', failed)
    }
    tracker.on('error', failed)
    tracker.on('update', (update) => {
      for (const peer of update.peers) report(`connects to ${peer.split(':')[0]}`)
    })
    tracker.announce(2)
  }
}

// Calls back once, with what came first: an error, an update, or a timer of its own.
function peersOf(tracker, time, callback) {
  let timer = null
  const done = (error, update) => {
    if (timer === null) return
    clearTimeout(timer)
    timer = null
    tracker.destory()
    callback(error, update)
  }
  timer = setTimeout(() => done(new Error('timed out')), time)
  tracker.announce(2, {})
  tracker.once('error', done)
  tracker.once('update', (update) => done(null, update))
}

// By a tracker that nobody watches, as in the program.
function callBack({ UdpTracker, url, report, show }, time = 20_000) {
  const tracker = new UdpTracker(PEER_ID, INFO_HASH, url, { port: 6881 })
  peersOf(tracker, time, (error, update) => {
    report(error ? `error ${show(error)}` : `peers ${show(update.peers)}`)
  })
}

const count = (number) => (list) => list.length === number

module.exports = [
  {
    name: 'a tracker for each line of a list, with spaces and a carriage return',
    tracker: { announce: withPeers },
    client: (context) => askAll(`${context.url}\r\n ${context.url} \n\t${context.url}\n`, context),
    announcesOnly: true,
    unordered: true,
    both: {
      emits: [UPDATE, UPDATE, UPDATE],
      reports: (reports) =>
        reports.filter((line) => line === 'connects to 10.10.10.5').length === 3 &&
        reports.filter((line) => line === 'connects to 100.56.58.99').length === 3,
      sends: count(3),
      exit: 'exit code 0'
    }
  },
  {
    name: 'a tracker for each line of a list, of which the first fails',
    tracker: {
      announce: (request) => (request.nth === 1 ? errorAnswer(request, 'no') : withPeers(request))
    },
    client: (context) => askAll(`${context.url}\n${context.url}\n`, context),
    announcesOnly: true,
    unordered: true,
    both: {
      emits: ["emits error 'no'", UPDATE],
      reports: (reports) => reports.includes('failed: no'),
      sends: count(2),
      exit: 'exit code 0'
    }
  },
  {
    name: 'an announce before its listeners, and a timer that calls the same callback: an update',
    tracker: { announce: withPeers },
    client: (context) => callBack(context),
    both: {
      reports: ["peers [ '10.10.10.5:128', '100.56.58.99:28525' ]"],
      sends: count(2),
      exit: 'exit code 0'
    }
  },
  {
    name: 'an announce before its listeners, and a timer that calls the same callback: an error',
    tracker: { announce: (request) => errorAnswer(request, 'no') },
    client: (context) => callBack(context),
    both: { reports: ["error 'no'"], sends: count(2), exit: 'exit code 0' }
  },
  {
    name: 'an announce before its listeners, and a timer that calls the same callback: its time is up',
    tracker: { connect: () => [] },
    client: (context) => callBack(context, 300),
    both: {
      reports: ['error Error: timed out'],
      sends: ['connect protocol ID'],
      exit: 'exit code 0'
    }
  }
]
