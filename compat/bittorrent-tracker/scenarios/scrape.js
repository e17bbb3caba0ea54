// What clients scrape, and how they pass the answers on.
'use strict'

const wire = require('../../../__test__/support/wire.js')

const hash = (number) => number.toString(16).padStart(40, '0')

// A torrent's numbers are told by its info-hash, so that a row in another's place is seen. `most` rows fit.
const byHash = (most = Infinity) => ({
  scrape: (request) =>
    wire.scrapeResponse(
      request,
      request.infoHashes.slice(0, most).map((bytes) => ({ seeds: bytes.readUInt32BE(16) }))
    )
})

const asked = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const rows = (reports) => reports.filter((report) => report.startsWith('emits scrape'))

// That each of them has come, once, in order, with its own numbers.
const allRight = (number) => (reports) =>
  rows(reports).length === number &&
  rows(reports).every((row, i) => row.includes(`'${hash(i + 1)}'`) && row.includes(`: ${i + 1},`))

const scrapeBuffers = (number) => {
  return ({ create }) => {
    const infoHash = asked(1, number).map((each) => Buffer.from(hash(each), 'hex'))
    create().scrape({ infoHash })
  }
}
const scrapeStatic = (number) => {
  return ({ Client, report, show, url }) => {
    const infoHash = asked(1, number).map(hash)
    Client.scrape({ announce: url, infoHash, wrtc: false }, (error, results) => {
      const numbers = infoHash.map((each) => results?.[each]?.complete)
      report(error ? show(error) : JSON.stringify(numbers))
    })
  }
}

// How many info-hashes are in each datagram.
const split = (sends) => sends.map((send) => send.split(' ').length - 1)

module.exports = [
  {
    name: "the client's own torrent",
    tracker: byHash(),
    client: ({ create }) => create().scrape(),
    both: { reports: count(1), exit: 0 }
  },
  {
    name: 'an empty list, which is the own torrent',
    why: 'they ask for nothing, and wait 15 s for the answer to it',
    tracker: byHash(),
    client: ({ create }) => create().scrape({ infoHash: [] }),
    theirs: { sends: ['scrape'] },
    ours: { sends: [`scrape 00112233445566778899aabbccddeeff01234567`], reports: count(1) }
  },
  {
    name: 'one info-hash in a Buffer',
    tracker: byHash(),
    client: ({ create }) => create().scrape({ infoHash: Buffer.from(hash(1), 'hex') }),
    both: { reports: allRight(1), exit: 0 }
  },
  {
    name: '3 info-hashes in Buffers',
    tracker: byHash(),
    client: scrapeBuffers(3),
    both: { reports: allRight(3), sends: count(1), exit: 0 }
  },
  {
    name: 'the same info-hash twice',
    tracker: byHash(),
    client: ({ create }) => {
      const one = Buffer.from(hash(1), 'hex')
      create().scrape({ infoHash: [one, one] })
    },
    both: { reports: count(2), exit: 0 }
  },
  {
    name: 'an info-hash in hex',
    why: 'theirs takes each digit of the text for a byte',
    tracker: byHash(),
    client: ({ create }) => create().scrape({ infoHash: `95c8${hash(1).slice(4)}` }),
    theirs: { sends: ([send]) => !send.includes('95c8') },
    ours: { sends: ([send]) => send === `scrape 95c8${hash(1).slice(4)}` }
  },
  {
    name: 'info-hashes in hex, as the static scrape takes them',
    why: 'theirs takes each digit of the text for a byte',
    tracker: byHash(),
    client: scrapeStatic(3),
    theirs: { reports: (reports) => reports[0] !== '[1,2,3]' },
    ours: { reports: ['[1,2,3]'], sends: count(1), exit: 0 }
  },
  {
    name: 'a Uint8Array, which is no Buffer',
    why: 'theirs labels it with its numbers in decimal',
    tracker: byHash(),
    client: ({ create }) => {
      create().scrape({ infoHash: new Uint8Array(Buffer.from(hash(1), 'hex')) })
    },
    theirs: { reports: (reports) => rows(reports)[0].includes("'0,0,0,") },
    ours: { reports: allRight(1) }
  },
  {
    name: '70 info-hashes',
    why: 'a datagram of 70 is too long for some IPv6 links',
    tracker: byHash(),
    client: scrapeBuffers(70),
    theirs: { sends: (sends) => split(sends).join() === '70' },
    ours: { sends: (sends) => split(sends).sort().join() === '10,60', reports: allRight(70) }
  },
  {
    name: '100 info-hashes at a tracker that answers 74',
    why: 'theirs does not ask again for what is missing',
    tracker: byHash(74),
    client: scrapeBuffers(100),
    theirs: { reports: (reports) => rows(reports).length === 74 },
    ours: { reports: allRight(100) }
  },
  {
    name: '1,000 info-hashes',
    why: 'theirs is a datagram of 20,016 bytes, which hardly a tracker answers',
    tracker: byHash(74),
    client: scrapeBuffers(1000),
    theirs: {
      sends: (sends) => split(sends).join() === '1000',
      reports: (reports) => rows(reports).length === 74
    },
    ours: { reports: allRight(1000), exit: 0 }
  },
  {
    name: '1,000 info-hashes in hex, as the static scrape takes them',
    why: 'theirs never calls back',
    tracker: byHash(74),
    client: scrapeStatic(1000),
    theirs: { reports: [] },
    ours: { reports: [JSON.stringify(asked(1, 1000))], exit: 0 }
  },
  {
    name: 'an announce with the options of a scrape',
    why: "theirs writes into the caller's object that it is a scrape",
    client: ({ create }) => {
      const opts = { numwant: 50 }
      const client = create()
      client.once('scrape', () => client._trackers[0].announce(opts))
      client._trackers[0].scrape(opts)
    },
    theirs: { sends: (sends) => sends.every((send) => send.startsWith('scrape')) },
    ours: {
      sends: (sends) => sends.map((send) => send.split(/[ ,]/)[0]).join() === 'scrape,announce'
    }
  },
  {
    name: 'an info-hash that is none',
    why: 'theirs sends it as it is',
    client: ({ create }) => create().scrape({ infoHash: Buffer.from('short') }),
    theirs: { sends: count(1) },
    ours: {
      sends: [],
      reports: (reports) => /^emits warning .*20 bytes long.* got 5 \(URL\)$/.test(reports[0])
    }
  }
]

function count(number) {
  return (list) => list.length === number
}
