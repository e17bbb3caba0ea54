// Plays scenarios against the original and against the package in this repository and compares what both did: what they sent,
// what they emitted and returned, and how their processes ended.
'use strict'

const path = require('node:path')
const { checkBoth, checkDifference, checkWaits } = require('./check.js')
const { run } = require('./run.js')

const COMPAT = path.dirname(__dirname)
const ORIGINAL = path.join(COMPAT, 'node_modules', 'original')
const OURS = path.dirname(COMPAT)

function scenariosOf(name) {
  const file = path.join(COMPAT, 'scenarios', `${name}.js`)
  return require(file).map((scenario) => ({ ...scenario, file }))
}

async function play(t, scenario) {
  const recordings = await record(t, scenario)
  if (recordings === undefined) return
  const check = scenario.both ? checkBoth : checkDifference
  try {
    check(scenario, ...recordings)
    if (scenario.waits) for (const recording of recordings) checkWaits(scenario, recording)
  } catch (error) {
    const [original, ours] = recordings.map((recording) => JSON.stringify(recording, null, 2))
    error.message += `\nrecorded of the original: ${original}\nrecorded of ours: ${ours}`
    throw error
  }
}

async function record(t, scenario) {
  if (scenario.port === undefined) {
    return Promise.all([run(scenario, ORIGINAL), run(scenario, OURS)])
  }
  // Both need the same port, one after the other.
  try {
    return [await run(scenario, ORIGINAL), await run(scenario, OURS)]
  } catch (error) {
    if (error.syscall !== 'bind') throw error
    t.skip(`port ${scenario.port} cannot be bound: ${error.code}`)
  }
}

module.exports = { play, scenariosOf }
