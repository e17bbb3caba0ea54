// Compares what was recorded of two implementations, and each with what a scenario expects.
'use strict'

const assert = require('node:assert')

module.exports = { checkBoth, checkDifference, checkWaits }

// A wait may be a fifth off, and a short one a little more, by what the system's timers are.
const TOLERANCE = 0.2
const SLACK_MS = 15

// The same in both: what the scenario expects, and all else that was recorded.
function checkBoth(scenario, original, ours) {
  expect('the original', scenario.both, summarize(scenario, original))
  expect('ours', scenario.both, summarize(scenario, ours))
  assert.deepStrictEqual(
    comparable(scenario, ours),
    comparable(scenario, original),
    'ours is not what the original is'
  )
}

// Different on purpose: each does what the scenario says of it.
function checkDifference(scenario, original, ours) {
  expect('the original', scenario.original, summarize(scenario, original))
  expect('ours', scenario.ours, summarize(scenario, ours))
}

// The waits before each send but the first, and the last one before the error.
function checkWaits(scenario, recording) {
  const times = [...recording.sentAt.slice(-scenario.waits.length), recording.emittedAt.at(-1)]
  const waits = times.slice(1).map((time, i) => time - times[i])
  scenario.waits.forEach((expected, i) => {
    const off = Math.abs(waits[i] - expected)
    const rounded = waits.map(Math.round)
    assert.ok(off <= expected * TOLERANCE + SLACK_MS, `waits of ${rounded} ms`)
  })
}

// `emits` are the events in order, `reports` all that the client saw, `sends` the requests and
// `sentAt` when they came.
function summarize(scenario, recording) {
  const { reports, sends, exit } = comparable(scenario, recording)
  const emits = reports.filter((line) => line.startsWith('emits '))
  return { emits, reports, sends, sentAt: recording.sentAt, exit }
}

function comparable({ announcesOnly, unordered }, { reports, sends, exit }) {
  return {
    reports: unordered ? [...reports].sort() : reports,
    sends: announcesOnly ? sends.filter((send) => send.startsWith('announce ')) : sends,
    exit
  }
}

// An expectation is a value, or a function that says whether what was recorded will do.
function expect(who, expectations = {}, summary) {
  for (const [what, expected] of Object.entries(expectations)) {
    const recorded = summary[what]
    const message = `${who}: ${what}`
    if (typeof expected === 'function') {
      assert.ok(expected(recorded), `${message}: ${JSON.stringify(recorded, null, 1)}`)
    } else {
      assert.deepStrictEqual({ [message]: recorded }, { [message]: expected })
    }
  }
}
