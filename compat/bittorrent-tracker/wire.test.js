// Plays scenarios on bittorrent-tracker's client as it comes, with ours behind it, and on our own Client, each in a process
// of its own, and compares what they send, what they emit and how their processes end.
'use strict'

const assert = require('node:assert/strict')
const path = require('node:path')
const { describe, test } = require('node:test')
const { inspect } = require('node:util')
const { record } = require('./support/record.js')

const THEIRS = 'theirs@11'
const OURS = ['patched@11', 'own']

for (const name of ['announce', 'failures', 'scrape', 'destroy', 'programs']) {
  const file = path.join(__dirname, 'scenarios', `${name}.js`)
  describe(name, { concurrency: 6 }, () => {
    for (const scenario of require(file)) {
      test(scenario.name, (t) => play(t, { ...scenario, file }))
    }
  })
}

async function play(t, scenario) {
  const implementations = scenario.implementations || OURS
  const [theirs, ...others] = await Promise.all(
    [THEIRS, ...implementations].map((implementation) => record(t, scenario, implementation))
  )
  check(THEIRS, theirs, scenario.both || scenario.theirs)
  for (const [i, ours] of others.entries()) {
    check(implementations[i], ours, scenario.both || scenario.ours)
    if (scenario.both) {
      assert.deepEqual(comparable(scenario, ours), comparable(scenario, theirs), implementations[i])
    }
  }
}

function comparable({ ignoresSends, ignoresReports }, { sends, reports, exit }) {
  return { sends: ignoresSends || sends, reports: ignoresReports || reports, exit }
}

// An expectation is a value, or a function that says whether what was recorded will do.
function check(who, recording, expectations) {
  for (const [what, expected] of Object.entries(expectations)) {
    const recorded = recording[what]
    const message = `${who}, ${what}: ${inspect(recording, { maxArrayLength: 8, maxStringLength: 200 })}`
    if (typeof expected === 'function') assert.ok(expected(recorded), message)
    else assert.deepEqual(recorded, expected, message)
  }
}
