// An announce that is destroyed or replaced before it is done. The connects are left out where ours
// shares one between requests.
'use strict'

const { announceAnswer, connectAnswer } = require('../support/packets.js')
const { OTHER_INFO_HASH } = require('../support/arguments.js')

const UPDATE = 'emits update { leechers: 5, seeds: 7, peers: [] }'
const OTHER_UPDATE = UPDATE.replace('update', 'other update')

const oneAnnounce = (sends) => sends.length === 1
const twoAnnounces = (sends) => sends.length === 2

// Answers this step when the client says so, and tells it when a request for it has come in.
function holding(step, answer) {
  return {
    [step]: async (request, stage) => {
      stage.tell(`${step} arrived`)
      await stage.passed
      return answer(request)
    }
  }
}

// A second tracker's announce, after which anything the first was still to do would have happened.
function announceAnother({ create }) {
  return create({ label: 'other ', infoHash: OTHER_INFO_HASH }).announce(2)
}

module.exports = [
  {
    name: 'destory before the first announce leaves nothing to do',
    client: ({ create, attempt, remains }) => {
      const tracker = create()
      attempt('destory', () => tracker.destory())
      attempt('destory again', () => tracker.destory())
      attempt('announce', () => tracker.announce(2))
      remains(tracker)
    },
    both: { emits: [], sends: [], exit: 'exit code 0' }
  },
  {
    name: 'destory in the tick of the announce ends it',
    client: (context) => {
      const tracker = context.create()
      tracker.announce(2)
      context.attempt('destory', () => tracker.destory())
      context.remains(tracker)
      announceAnother(context)
    },
    announcesOnly: true,
    both: { emits: [OTHER_UPDATE], sends: oneAnnounce, exit: 'exit code 0' }
  },
  {
    name: 'destory while the connect is unanswered ends the announce',
    tracker: holding('connect', connectAnswer),
    client: async (context) => {
      const tracker = context.create()
      tracker.announce(2)
      await context.told('connect arrived')
      context.attempt('destory', () => tracker.destory())
      context.remains(tracker)
      context.pass()
      announceAnother(context)
    },
    announcesOnly: true,
    both: { emits: [OTHER_UPDATE], sends: oneAnnounce, exit: 'exit code 0' }
  },
  {
    name: 'destory while the announce is unanswered ends it',
    tracker: holding('announce', announceAnswer),
    client: async (context) => {
      const tracker = context.create()
      tracker.announce(2)
      await context.told('announce arrived')
      context.attempt('destory', () => tracker.destory())
      context.pass()
      announceAnother(context)
    },
    announcesOnly: true,
    both: { emits: [OTHER_UPDATE], sends: twoAnnounces, exit: 'exit code 0' }
  },
  {
    name: 'a process whose only request is destroyed ends',
    tracker: { connect: (request, stage) => stage.tell('connect arrived') ?? [] },
    client: async ({ create, told }) => {
      const tracker = create()
      tracker.announce(2)
      await told('connect arrived')
      tracker.destory()
    },
    both: { emits: [], sends: ['connect protocol ID'], exit: 'exit code 0' }
  },
  {
    name: 'destory after the update stops the interval',
    tracker: { announce: (request) => announceAnswer(request, { interval: 1 }) },
    client: (context) => {
      const tracker = context.create()
      tracker.on('update', () => {
        tracker.destory()
        context.remains(tracker)
        const release = context.hold()
        const other = context.create({ label: 'other ', infoHash: OTHER_INFO_HASH })
        let updates = 0
        other.on('update', () => ++updates === 2 && release())
        other.announce(2)
      })
      tracker.announce(2)
    },
    announcesOnly: true,
    both: {
      emits: [UPDATE, OTHER_UPDATE, OTHER_UPDATE],
      sends: (sends) => sends.length === 3,
      exit: 'exit code 0'
    }
  },
  {
    name: 'an announce in the tick of another replaces it',
    client: ({ create, attempt }) => {
      const tracker = create()
      attempt('announce', () => tracker.announce(2, { left: 1 }))
      attempt('announce', () => tracker.announce(3, { left: 2 }))
    },
    announcesOnly: true,
    both: { emits: [UPDATE], sends: oneAnnounce, exit: 'exit code 0' }
  },
  {
    name: 'an announce while the connect of another is unanswered replaces it',
    tracker: holding('connect', connectAnswer),
    client: async ({ create, told, pass }) => {
      const tracker = create()
      tracker.announce(2, { left: 1 })
      await told('connect arrived')
      tracker.announce(3, { left: 2 })
      pass()
    },
    announcesOnly: true,
    both: { emits: [UPDATE], sends: oneAnnounce, exit: 'exit code 0' }
  },
  {
    name: 'an announce while another is unanswered replaces it, and the answer to that is dropped',
    tracker: {
      announce: async (request, stage) => {
        if (request.nth === 2) return announceAnswer(request)
        stage.tell('announce arrived')
        await stage.passed
        return announceAnswer(request, { seeds: 1, leechers: 1 })
      }
    },
    client: async ({ create, told, pass }) => {
      const tracker = create()
      tracker.announce(2, { left: 1 })
      await told('announce arrived')
      tracker.announce(3, { left: 2 })
      pass()
    },
    announcesOnly: true,
    both: { emits: [UPDATE], sends: twoAnnounces, exit: 'exit code 0' }
  }
]
