// docs/bittorrent-tracker.md is true: each of its programs prints what it says.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT, startBareScript } = require('./support/child')
const { codeBlocks, printed } = require('./support/markdown')
const { exampleScript } = require('./support/example-tracker')
const { startScriptedTracker } = require('./support/scripted-tracker')

const GUIDE = fs.readFileSync(path.join(ROOT, 'docs/bittorrent-tracker.md'), 'utf8')
const PROGRAMS = codeBlocks(GUIDE).filter(({ language }) => language === 'js')

test('there are programs, and each says what it prints', () => {
  assert.equal(PROGRAMS.length, 4)
  for (const { text } of PROGRAMS) assert.notEqual(printed(text), '', text)
})

PROGRAMS.forEach(({ heading, text }, index) => {
  test(`program ${index + 1}, under "${heading}", prints what it says`, async (t) => {
    const tracker = await startScriptedTracker(t, exampleScript())
    const code = text.replaceAll('tracker.example.org:6969', tracker.url.replace('udp://', ''))
    const { stdout, stderr, code: exitCode } = await startBareScript(t, code, tracker.url).exit()
    assert.deepEqual(
      { stdout, stderr, exitCode },
      { stdout: printed(text), stderr: '', exitCode: 0 }
    )
  })
})

test('its links lead to headings and files that are there', () => {
  const headings = [...GUIDE.matchAll(/^#+ (.*)$/gm)].map(([, text]) => {
    return `#${text
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-')}`
  })
  for (const [, link] of GUIDE.matchAll(/\]\(([^)]*)\)/g)) {
    const isThere = link.startsWith('#')
      ? headings.includes(link)
      : fs.existsSync(path.join(ROOT, 'docs', link))
    assert.ok(isThere, link)
  }
})
