// The package inside real test suites that replace the timers: each runner in a process of its own.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
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
    test(`${program}, its timers put on ${when} the package is loaded`, async (t) => {
      const output = await run(t, `suites/${program}.js`, when)
      assert.match(output, /^all is well$/m)
    })
  }
}

test('deasync: a listener that runs the event loop gets what it waits for', async (t) => {
  assert.match(await run(t, 'suites/deasync.js'), /^20 updates, 20 from within$/m)
})
