// A flood of forged datagrams: every announce still gets its own tracker's answer. `npm run test:forgery` is the long form.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { run } = require('./robustness/forgery.js')

const FORGED = { flood: 100_000, inFlight: 1000, seconds: 0.5, timeout: 250 }

for (const [network, loss] of [
  ['', 0],
  [' that loses 2 % each way', 2]
]) {
  test(`through a flood over a network${network} every announce is answered correctly, and once`, async () => {
    const { flooded, forged, stats } = await run({ ...FORGED, loss })
    assert.deepEqual(flooded.errors, [])
    assert.deepEqual(flooded.mismatches, [])
    assert.equal(flooded.twice, 0)
    assert.equal(flooded.updates, flooded.announced)
    // It was a flood, and it arrived: strays, other addresses' and repetitions each.
    assert.ok(forged.strays > 30_000 && forged.foreign > 30_000 && forged.replays > 30_000)
    assert.ok(stats.droppedStray > 0 && stats.droppedUnknown > 0 && stats.droppedLate > 0)
  })
}
