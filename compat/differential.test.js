// Each scenario played against the original and against the package in this repository. Those that measure waits are in
// waits.test.js.
'use strict'

const { describe, it } = require('node:test')
const { play, scenariosOf } = require('./support/compare.js')

for (const name of [
  'announce',
  'interval',
  'malformed',
  'destroy',
  'life',
  'programs',
  'different-answers',
  'different-interface'
]) {
  // A machine that stands still for a fifth of a second has datagrams sent again.
  describe(name, { concurrency: 3 }, () => {
    for (const scenario of scenariosOf(name)) it(scenario.name, (t) => play(t, scenario))
  })
}
