// Jest in band: what a test file leaves behind goes when it ends, though it has loaded this package.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { ofAddon } = require('../support/portable.js')
const { bin, run } = require('./run.js')

// Fifteen files leave some 50 MB each.
// A socket of Node.js keeps the context that opened it.
const skip = ofAddon('the sockets are the addon’s')

test('Jest runs more test files in one process than memory has room for', skip, async (t) => {
  const config = JSON.stringify({
    projects: Array.from({ length: 15 }, (_, i) => ({
      displayName: `file ${i}`,
      testMatch: ['<rootDir>/suites/memory.js'],
      transform: {}
    }))
  })
  const jest = bin('jest', 'bin/jest.js')
  const output = await run(t, '--max-old-space-size=300', jest, '--runInBand', '--config', config)
  assert.match(output, /Tests: +15 passed, 15 total/)
})
