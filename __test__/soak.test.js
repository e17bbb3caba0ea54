// A run over a lossy network in which every count adds up. `npm run soak` is the long form, which looks at memory as well.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { run, problems } = require('./robustness/soak.js')

test('over a network that loses 5 % the numbers of requests, answers and failures add up', async () => {
  const result = await run({ announces: 20_000, repeating: 100, inFlight: 1000, timeout: 50 })
  assert.deepEqual(problems(result), [])
  // It was a lossy network, and they did announce again.
  assert.ok(result.counts.lostRequests > 500 && result.counts.lostAnswers > 500)
  assert.ok(result.seen.repeated > 100)
})
