// The scenarios that measure waits, one after the other: nothing else may keep the machine busy.
'use strict'

const { it } = require('node:test')
const { play, scenariosOf } = require('./support/compare.js')

for (const scenario of scenariosOf('retransmission')) it(scenario.name, (t) => play(t, scenario))
