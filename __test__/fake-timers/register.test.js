// register inside test runners that load modules by themselves.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { nodeOptions } = require('../support/child.js')
const { bin, runIn } = require('./run.js')

const SUITES = 'suites/register'
const ENV = { NODE_OPTIONS: nodeOptions('--import bittorrent-udp-tracker/register') }

for (const pool of ['threads', 'forks', 'vmThreads', 'vmForks']) {
  test(`Vitest, with the pool ${pool}, has ours in the place of bittorrent-tracker 9 and 11`, async (t) => {
    const args = [bin('vitest', 'vitest.mjs'), 'run', '--root', SUITES, '--pool', pool]
    assert.match(await runIn(t, ENV, args), /Tests +2 passed \(2\)/)
  })
}

const jest = (config) => [
  bin('jest', 'bin/jest.js'),
  '--config',
  `${SUITES}/${config}`,
  '--no-cache'
]

test('Jest has ours', async (t) => {
  assert.match(await runIn(t, ENV, jest('jest.config.js')), /Tests: +1 passed, 1 total/)
})

test('Jest, where it transforms bittorrent-tracker, is said to have its own', async (t) => {
  await assert.rejects(runIn(t, ENV, jest('transformed.config.js')), ({ message }) => {
    assert.match(
      message,
      /udp-tracker\.js is left as it is, since a loader has transformed it: use patch/
    )
    assert.match(message, /Tests: +1 failed, 1 total/)
    return true
  })
})
