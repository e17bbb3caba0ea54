// What programs do with a client, each as people wrote it.
'use strict'

const wire = require('../../../__test__/support/wire.js')

const hash = (number) => number.toString(16).padStart(40, '0')

// A torrent's numbers are told by its info-hash.
const answered = (request) =>
  wire.scrapeResponse(
    request,
    request.infoHashes.map((bytes) => ({ seeds: bytes.readUInt32BE(16) }))
  )

// Every line of a list at once: the info-hashes that are to be asked for, separated by commas.
const scrapeLines = (lines) => {
  return ({ Client, report, show, url }) => {
    for (const line of lines) {
      const infoHash = line.split(',')
      Client.scrape({ infoHash, announce: url, wrtc: false }, (error, results) => {
        if (error) return report(line, show(error))
        for (const [of, { complete }] of Object.entries(results)) report(line, of, complete)
      })
    }
  }
}

const THREE = [hash(1), hash(2), hash(3)].join()
const LINES = [THREE, [hash(4), hash(5)].join()]

// What is to be reported of these lines.
const rowsOf = (lines) =>
  lines.flatMap((line) => line.split(',').map((of) => `${line} ${of} ${parseInt(of, 16)}`))
const allOf = (lines) => (reports) => [...reports].sort().join() === rowsOf(lines).sort().join()

// What is reported of one torrent's row, which is no list of rows.
const fieldsOf = (complete) => [
  "announce 'URL'",
  `infoHash '${hash(1)}'`,
  `complete ${complete}`,
  'downloaded 0',
  'incomplete 0'
]

module.exports = [
  {
    name: 'a scrape of many info-hashes for every line of a list at once',
    why: 'theirs takes each digit of the text for a byte',
    tracker: { scrape: answered },
    client: scrapeLines(LINES),
    theirs: { reports: (reports) => !allOf(LINES)(reports), exit: 0 },
    ours: { reports: allOf(LINES), sends: (sends) => sends.length === LINES.length, exit: 0 }
  },
  {
    name: 'a scrape of a list of one info-hash, whose entries are gone through as those of many are',
    why: 'theirs takes each digit of the text for a byte',
    tracker: { scrape: answered },
    client: ({ Client, report, show, url }) => {
      Client.scrape({ infoHash: [hash(1)], announce: url, wrtc: false }, (error, results) => {
        if (error) return report(show(error))
        for (const [key, value] of Object.entries(results)) report(key, show(value))
      })
    },
    theirs: { reports: fieldsOf(0), exit: 0 },
    ours: { reports: fieldsOf(1), exit: 0 }
  },
  {
    name: 'a scrape whose program waits for a second by a timer of its own, answered after that',
    tracker: {
      scrape: (request, tracker, stage) => {
        stage.said('timed out').then(() => tracker.send(answered(request), request))
        return []
      }
    },
    client: ({ Client, report, say, show, url }) => {
      let isOver = false
      const done = (...outcome) => {
        if (isOver) return say('late')
        isOver = true
        report(...outcome)
      }
      setTimeout(() => {
        done('timed out')
        say('timed out')
      }, 1000)
      const infoHash = Buffer.from(hash(1), 'hex')
      Client.scrape({ infoHash, announce: url, wrtc: false }, (error, results) => {
        done(error ? show(error) : show(results))
      })
    },
    both: { reports: ['timed out'], exit: 0 }
  },
  {
    name: 'stop, destroy, and in its callback a new client that starts',
    client: ({ create, report }) => {
      const client = create()
      client.once('update', () => {
        client.stop()
        client.destroy(() => {
          const next = create({ port: 6882 })
          next.once('update', () => {
            report('started again')
            next.destroy()
          })
          next.start()
        })
      })
      client.start()
    },
    both: {
      sends: (sends) => {
        const said = sends.map((send) => `${/event \d/.exec(send)[0]} ${/port \d+/.exec(send)[0]}`)
        return said.sort().join() === 'event 2 port 6881,event 2 port 6882,event 3 port 6881'
      },
      reports: (reports) => reports.includes('started again'),
      exit: 0
    },
    // The goodbye and the new start are on their way at once, and theirs still emits what the goodbye is answered.
    ignoresSends: true,
    ignoresReports: true
  }
]
