// `npm run demo` shows two peers that learn of each other, and exits by itself.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { runExample, startFile } = require('./support/child.js')
const { DEMO } = require('./support/example-tracker.js')
const { codeBlocks, printed } = require('./support/markdown.js')
const { readPage } = require('./support/pages.js')
const { IMPORTS_IN_EVAL } = require('./support/runtimes.js')

test('the demo prints an update for each of its two peers and exits with 0', async (t) => {
  const { code, signal, stdout, stderr } = await startFile(t, 'examples/demo.js').exit()

  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  const [, alice, bob] = stdout.split(/\n\n/)
  assert.match(alice, /Alice has the whole torrent/)
  assert.match(alice, /1 seed, 0 leechers\n.*peers: 127\.0\.0\.1:6881\n/)
  assert.match(bob, /Bob has 734,003,200 bytes to go/)
  assert.match(bob, /1 seed, 1 leecher\n/)
  assert.match(bob, /127\.0\.0\.1:6881/)
  assert.match(bob, /127\.0\.0\.1:6882/)
  assert.match(bob, /next announce in 10 min/)
})

test(
  "the README's examples print what they say against the demo's tracker",
  IMPORTS_IN_EVAL,
  async (t) => {
    const demo = startFile(t, 'examples/demo.js', '--stay')
    await demo.prints(/The tracker stays until Ctrl-C\.\n$/)
    // Port 6969 may be somebody else's.
    const [, place] = /udp:\/\/(\S+)/.exec(demo.stdout)
    const examples = codeBlocks(readPage('README.md')).filter(({ language }) => language === 'js')
    assert.equal(examples.length, 3)
    for (const { text } of examples) {
      const code = text.replaceAll(DEMO, place)
      const result = await runExample(t, code, printed(text))
      assert.deepEqual(result, { code: 0, signal: null, stdout: printed(text), stderr: '' })
    }
  }
)
