// The documentation is true: each `js` block of each page runs, prints what it says, and tells the tracker what it should.
//
// A block runs in a process of its own, against trackers and a proxy on loopback in place of those of example.org, and must
// print exactly the lines that its comments have:
//
//   // prints: …               to standard output, in this order
//   // prints in any order: …  to standard output
//   // prints to stderr: …
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const { runExample } = require('./support/child.js')
const { codeBlocks, printed } = require('./support/markdown.js')
const { DEMO, demoScript, exampleScript } = require('./support/example-tracker.js')
const { PROXIES } = require('./support/portable.js')
const { PAGES, readPage } = require('./support/pages.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { startSocksProxy } = require('./support/socks-proxy.js')
const { errorsOf } = require('./types/sources.js')
const wire = require('./support/wire.js')

// How many blocks each page has: one that is added has to be counted here. Those of `ELSEWHERE` are run by
// tests of their own.
const COUNTS = {
  'README.md': { js: 3, sh: 3, console: 1 },
  'SECURITY.md': { js: 1 },
  'docs/api.md': { js: 16, ts: 1 },
  'docs/bittorrent-tracker.md': { js: 4, sh: 3 },
  'docs/bundlers.md': { js: 1, sh: 3 },
  'docs/command-line.md': { sh: 2, console: 7 },
  'docs/diagnostics.md': { js: 2 },
  'docs/migrating-bittorrent-tracker.md': { js: 6 },
  'docs/migrating-dgram.md': { js: 2 },
  'docs/migrating.md': { js: 1 },
  'docs/performance.md': { sh: 1 },
  'docs/testing.md': { js: 1 },
  'docs/transport.md': { js: 3 }
}
const ELSEWHERE = new Set(['docs/bundlers.md', 'SECURITY.md'])

const sha1 = (bytes) => createHash('sha1').update(bytes).digest()
const announced =
  (...events) =>
  ({ announces }) =>
    assert.deepEqual(
      announces.map(({ event }) => event),
      events
    )

function authenticated({ announces: [{ raw }] }) {
  // Behind the port, at 98: the mask (both bodies), the user name, 8 bytes of a hash, the request string.
  assert.equal(raw.readUInt16BE(98), 3)
  assert.equal(raw.subarray(100, 104).toString(), '\x03ann')
  const hash = sha1(Buffer.concat([raw.subarray(0, 104), sha1('secret')])).subarray(0, 8)
  assert.deepEqual(raw.subarray(104, 112), hash)
  assert.equal(raw.subarray(112).toString(), '\x09/announce')
}

function scraped(count) {
  return ({ scrapes }) => {
    assert.equal(scrapes.flatMap(({ infoHashes }) => infoHashes).length, count)
  }
}

// What must have reached the tracker from the blocks under a heading of a page.
const ON_THE_WIRE = {
  'docs/api.md': {
    'Announce loop'({ announces: [first, second] }) {
      assert.deepEqual([first.event, first.left], [2, 734003200n])
      assert.deepEqual([second.event, second.left], [3, 734003200n - 16384n])
    },
    'Force and event words': announced(2, 1),
    'How a peer announces itself'({ announces: [{ port, numWant, key, ip }] }) {
      assert.deepEqual([port, numWant, key, ip], [6881, 200, 0xdeadbeef, 0xcb007105])
    },
    'Large counters'({ announces: [{ uploaded, downloaded, left }] }) {
      assert.deepEqual([uploaded, downloaded, left], [2n ** 64n - 1n, 0n, 5n])
    },
    'Scrape many torrents': scraped(700),
    'Give up early': announced(),
    'Say stopped before the process ends': announced(3, 3),
    'Path and query'({ announces: [{ rest }] }) {
      const text = '/announce?passkey=a%20b'
      assert.deepEqual(rest, Buffer.from([2, text.length, ...Buffer.from(text)]))
    },
    Authentication: authenticated
  },
  'docs/migrating-bittorrent-tracker.md': {
    "A torrent's life": announced(2, 1, 3),
    'Several trackers': announced(2),
    Scrape: scraped(2)
  },
  'docs/migrating-dgram.md': { 'An announce': announced(2) },
  'docs/migrating.md': { 'From version 1': announced(2) }
}

const BLOCKS = PAGES.flatMap((page) =>
  codeBlocks(readPage(page)).map((block) => ({ page, ...block }))
)
const RUNNABLE = BLOCKS.filter(({ language, page }) => language === 'js' && !ELSEWHERE.has(page))

const sorted = (text) => text.split('\n').sort().join('\n')

function startRefusing(t) {
  return startScriptedTracker(t, {
    announce: (request) => wire.errorResponse(request, 'torrent is not registered')
  })
}

/** What a block does, and the tracker that it did it to. */
async function runBlock(t, { page, text }, stdout) {
  const family = /family: 6/.test(text) ? 6 : 4
  const isReadme = page === 'README.md'
  const script = isReadme ? demoScript() : exampleScript(family)
  const tracker = await startScriptedTracker(t, { family, ...script })
  const place = isReadme ? DEMO : 'tracker.example.org:6969'
  const places = { [place]: tracker.url.replace('udp://', '') }
  if (text.includes('refusing.example.org')) {
    places['refusing.example.org:6969'] = (await startRefusing(t)).url.replace('udp://', '')
  }
  if (text.includes('proxy.example.org')) {
    const { port } = await startSocksProxy(t)
    places['proxy.example.org:1080'] = `127.0.0.1:${port}`
  }
  const code = Object.entries(places).reduce((code, place) => code.replaceAll(...place), text)
  // In the package's own folder its name means the package itself.
  return { result: await runExample(t, code, stdout), tracker }
}

test('the blocks are those that this test knows', () => {
  const counts = {}
  for (const { page, language } of BLOCKS) {
    counts[page] = { ...counts[page], [language]: ((counts[page] || {})[language] || 0) + 1 }
  }
  assert.deepEqual(counts, COUNTS)
  for (const [page, headings] of Object.entries(ON_THE_WIRE)) {
    for (const heading of Object.keys(headings)) {
      assert.ok(
        RUNNABLE.some((block) => block.page === page && block.heading === heading),
        `${page}: ${heading}`
      )
    }
  }
})

for (const page of new Set(RUNNABLE.map(({ page }) => page))) {
  describe(`the example in ${page}`, () => {
    const blocks = RUNNABLE.filter((block) => block.page === page)
    blocks.forEach(({ heading, text }, index) => {
      const isOfAddon = /localAddress|(interface|proxy):/.test(text)
      const skip =
        (isOfAddon && PROXIES.skip) ||
        (process.env.TEST_UNDER === 'Wine' &&
          /localAddress/.test(text) &&
          'Wine binds to all addresses when it is told one')
      test(`${index + 1}, under "${heading}", prints what it says`, { skip }, async (t) => {
        const inAnyOrder = printed(text, 'prints in any order')
        const stdout = inAnyOrder === '' ? printed(text) : sorted(inAnyOrder)
        const stderr = printed(text, 'prints to stderr')
        assert.notEqual(stdout + stderr, '', 'an example has a "// prints:" line')

        const { result, tracker } = await runBlock(t, { page, text }, stdout)
        if (inAnyOrder !== '') result.stdout = sorted(result.stdout)
        assert.deepEqual(result, { code: 0, signal: null, stdout, stderr })
        const reached = (ON_THE_WIRE[page] || {})[heading]
        if (reached) reached(tracker)
      })
    })
  })
}

describe('what a block before prints, the one after prints as well', () => {
  const blocks = RUNNABLE.filter(({ page }) => /^docs\/migrating-/.test(page))
  const says = ({ text }) => text.split('\n').filter((line) => line.startsWith('// prints'))
  for (const heading of new Set(blocks.map(({ heading }) => heading))) {
    const [before, after] = blocks.filter((block) => block.heading === heading)
    test(`under "${heading}"`, () => assert.deepEqual(says(after), says(before)))
  }
})

describe('the TypeScript example', () => {
  BLOCKS.filter(({ language }) => language === 'ts').forEach(({ page, text }, index) => {
    test(`${index + 1} of ${page} compiles under strict`, () => {
      assert.deepEqual(errorsOf(`docs-${index + 1}.mts`, text), [])
    })
  })
})
