// The migration guide is true: each of its blocks prints what it says and tells the tracker what it should; where there
// are a block before and a block after, both do the same.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('./support/child')
const { codeBlocks, printed } = require('./support/markdown')
const { exampleScript } = require('./support/example-tracker')
const { startScriptedTracker } = require('./support/scripted-tracker')
const wire = require('./support/wire')

const GUIDE = fs.readFileSync(path.join(ROOT, 'MIGRATING.md'), 'utf8')
const RUN_MS = 20_000

// By heading: how many blocks there are, and the events that each of them announces.
const EXPECTED = {
  'From version 1': { blocks: 1, events: [2] },
  "A torrent's life": { blocks: 2, events: [2, 1, 3] },
  'Several trackers': { blocks: 2, events: [2] },
  Scrape: { blocks: 2, events: [], scraped: 2 },
  'An announce': { blocks: 2, events: [2] }
}

const BLOCKS = codeBlocks(GUIDE)

function startTracker(t) {
  return startScriptedTracker(t, exampleScript())
}

function startRefusing(t) {
  return startScriptedTracker(t, {
    announce: (request) => wire.errorResponse(request, 'torrent is not registered')
  })
}

async function run(t, code) {
  const [tracker, refusing] = await Promise.all([startTracker(t), startRefusing(t)])
  const runnable = code
    .replaceAll('tracker.example.org:6969', tracker.url.replace('udp://', ''))
    .replaceAll('refusing.example.org:6969', refusing.url.replace('udp://', ''))
  const output = await new Promise((resolve) => {
    const args = ['--input-type=commonjs', '--eval', runnable]
    execFile(process.execPath, args, { cwd: ROOT, timeout: RUN_MS }, (err, stdout, stderr) => {
      resolve({ code: err === null ? 0 : err.code || err.signal, stdout, stderr })
    })
  })
  return { output, tracker }
}

const sortLines = (text) => text.split('\n').sort().join('\n')

test('the blocks are those that this test knows of', () => {
  const counts = {}
  for (const { heading, language } of BLOCKS) {
    assert.equal(language, 'js', heading)
    counts[heading] = (counts[heading] || 0) + 1
  }
  const expected = Object.entries(EXPECTED).map(([heading, { blocks }]) => [heading, blocks])
  assert.deepEqual(counts, Object.fromEntries(expected))
})

BLOCKS.forEach(({ heading, text }, index) => {
  test(`block ${index + 1}, under "${heading}", prints what it says`, async (t) => {
    const inAnyOrder = text.includes('// prints in any order: ')
    const says = printed(text.replaceAll('// prints in any order: ', '// prints: '))
    assert.notEqual(says, '', 'a block has a "// prints:" line')

    const { output, tracker } = await run(t, text)
    if (inAnyOrder) output.stdout = sortLines(output.stdout)
    const stdout = inAnyOrder ? sortLines(says) : says
    assert.deepEqual(output, { code: 0, stdout, stderr: '' })

    const { events, scraped = 0 } = EXPECTED[heading]
    assert.deepEqual(
      tracker.announces.map(({ event }) => event),
      events
    )
    assert.equal(tracker.scrapes.flatMap(({ infoHashes }) => infoHashes).length, scraped)
  })
})

describe('what a block before prints, the one after prints as well', () => {
  for (const [heading, { blocks }] of Object.entries(EXPECTED)) {
    if (blocks !== 2) continue
    test(`under "${heading}"`, () => {
      const [before, after] = BLOCKS.filter((block) => block.heading === heading)
      const says = ({ text }) => [...text.matchAll(/^\/\/ prints.*$/gm)].map(([line]) => line)
      assert.deepEqual(says(after), says(before))
    })
  }
})
