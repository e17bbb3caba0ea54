// The package inside real test suites that replace the timers: each runner in a process of its own.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { isPortable } = require('../support/portable.js')
const { bin, run } = require('./run.js')

test('Jest, in node and jsdom, before and after its timers are put on', async (t) => {
  const output = await run(t, bin('jest', 'bin/jest.js'), '--runInBand')
  assert.match(output, /Tests: +25 passed, 25 total/)
})

for (const pool of ['threads', 'forks', 'vmThreads']) {
  test(`Vitest, with the pool ${pool}`, async (t) => {
    const output = await run(t, bin('vitest', 'vitest.mjs'), 'run', '--pool', pool)
    assert.match(output, /Tests +5 passed \(5\)/)
  })
}

for (const program of ['sinon', 'node-test']) {
  for (const when of ['after', 'before']) {
    // Those of node:test lead nowhere: there is no other timer that something could be sent again by.
    const skip =
      isPortable && program + when === 'node-testbefore' && 'the addon has timers of its own'
    test(`${program}, its timers put on ${when} the package is loaded`, { skip }, async (t) => {
      const output = await run(t, `suites/${program}.js`, when)
      assert.match(output, /^all is well$/m)
    })
  }
}

test('deasync: a listener that runs the event loop gets what it waits for', async (t) => {
  assert.match(await run(t, 'suites/deasync.js'), /^20 updates, 20 from within$/m)
})
