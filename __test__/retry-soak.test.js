// Trackers that die, lie, restart and move cost no torrent with `retry`. `npm run soak` is the long form, in real time.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { run } = require('./robustness/retry-soak.js')
const { patient } = require('./support/deadline.js')

test('with retry each torrent is announced again once its tracker is back', async () => {
  const { lost, announced } = await run({ torrents: 200, seconds: patient(20), speed: 20 })
  assert.deepEqual(lost, [])
  assert.deepEqual(announced, Array(10).fill(20))
})
