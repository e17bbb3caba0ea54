// While the tracker's interval runs and when it ends. Ours keeps its connection ID for 60 seconds
// where the original connects for every announce, so the connects are left out of the comparison.
'use strict'

const { announceAnswer } = require('../support/packets.js')
const { OTHER_INFO_HASH } = require('../support/arguments.js')

const UPDATE = 'emits update { leechers: 5, seeds: 7, peers: [] }'
const CALLED_EARLY = "emits error 'not calling announce'"

// Asks again after a second.
const everySecond = { announce: (request) => announceAnswer(request, { interval: 1 }) }

// Calls `action` with the number of each update; the process lives until it returns false.
function onUpdates({ hold }, tracker, action) {
  const release = hold()
  let updates = 0
  tracker.on('update', () => {
    if (action(++updates) === false) release()
  })
  return tracker
}

// The end of an announce on the wire: downloaded, left, uploaded, event.
function numbers(send) {
  const bytes = Buffer.from(send.split(' ').at(-1), 'hex')
  const counts = [40, 48, 56].map((offset) => Number(bytes.readBigUInt64BE(offset)))
  return [...counts, bytes.readUInt32BE(64)].join(' ')
}

const sendsNumbers =
  (...expected) =>
  (sends) =>
    sends.map(numbers).join(', ') === expected.join(', ')

module.exports = [
  {
    name: 'an announce inside the interval is refused before it returns',
    client: ({ create, attempt, fields }) => {
      const tracker = create()
      tracker.announce(2, { left: 4 })
      tracker.once('update', () => {
        attempt('announce', () => tracker.announce(1, { left: 0 }))
        fields(tracker, 'refused')
      })
    },
    both: {
      emits: [UPDATE, CALLED_EARLY],
      sends: (sends) => sends.length === 2,
      exit: 'exit code 0'
    }
  },
  {
    name: 'an announce inside the interval of a tracker without an error listener throws',
    client: ({ UdpTracker, url, attempt }) => {
      const tracker = new UdpTracker('abcdefghijklmnopqrst', '00'.repeat(20), url)
      tracker.announce(2)
      tracker.once('update', () => attempt('announce', () => tracker.announce(2)))
    },
    both: { exit: 'exit code 0' }
  },
  {
    name: 'when the interval ends, the options of a refused announce are sent',
    tracker: everySecond,
    client: (context) => {
      const tracker = context.create()
      onUpdates(context, tracker, (nth) => {
        if (nth === 2) return false
        tracker.announce(3, { downloaded: 12, left: 13, uploaded: 14 })
      }).announce(2, { downloaded: 1, left: 2, uploaded: 3 })
    },
    announcesOnly: true,
    both: {
      emits: [UPDATE, CALLED_EARLY, UPDATE],
      sends: sendsNumbers('1 2 3 2', '12 13 14 3'),
      exit: 'exit code 0'
    }
  },
  {
    name: 'when the interval ends, an options object that has changed is read again',
    tracker: everySecond,
    client: (context) => {
      const opts = { downloaded: 1, left: 20, uploaded: 3 }
      onUpdates(context, context.create(), (nth) => {
        opts.downloaded += 1
        opts.left -= 1
        return nth < 3
      }).announce(2, opts)
    },
    announcesOnly: true,
    both: {
      emits: [UPDATE, UPDATE, UPDATE],
      sends: sendsNumbers('1 20 3 2', '2 19 3 2', '3 18 3 2')
    }
  },
  {
    name: 'when the interval ends, an event put into the options object is the one announced',
    tracker: everySecond,
    client: (context) => {
      const opts = {}
      onUpdates(context, context.create(), (nth) => {
        context.report(`the options hold event ${opts.event}`)
        opts.event = 0
        return nth < 2
      }).announce(2, opts)
    },
    announcesOnly: true,
    both: { emits: [UPDATE, UPDATE], sends: sendsNumbers('0 0 0 2', '0 0 0 0') }
  },
  {
    name: 'when the interval ends, it is `this.announce` that is called',
    tracker: everySecond,
    client: (context) => {
      const tracker = context.create()
      const { announce } = tracker
      tracker.announce = function (event, opts) {
        context.report(`announce is called with ${event} and ${context.show(opts)}`)
        return announce.call(this, event, opts)
      }
      onUpdates(context, tracker, (nth) => nth < 2).announce(2, { left: 7 })
    },
    announcesOnly: true,
    both: { emits: [UPDATE, UPDATE], sends: sendsNumbers('0 7 0 2', '0 7 0 2') }
  },
  {
    name: 'clearing the timer of an interval stops the next announce',
    tracker: everySecond,
    client: (context) => {
      const stopped = context.create({ label: 'stopped ' })
      stopped.on('update', () => {
        stopped._announce_intervals_timeout.forEach(clearTimeout)
        // Its second update comes later than the stopped tracker's would have.
        const going = context.create({ label: 'going ', infoHash: OTHER_INFO_HASH })
        onUpdates(context, going, (nth) => nth < 2).announce(2)
      })
      stopped.announce(2)
    },
    announcesOnly: true,
    both: {
      emits: ['stopped', 'going', 'going'].map((label) =>
        UPDATE.replace('update', `${label} update`)
      ),
      sends: (sends) => sends.length === 3
    }
  },
  {
    name: 'the process ends by itself while an interval runs',
    tracker: everySecond,
    both: { emits: [UPDATE], sends: (sends) => sends.length === 2, exit: 'exit code 0' }
  }
]
