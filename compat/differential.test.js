// Each scenario played against the original and against the package in this repository. Those that measure waits are in
// waits.test.js.
'use strict'

const compare = require('./support/compare.js')

compare('announce')
compare('interval')
compare('malformed')
compare('destroy')
compare('life')
compare('programs')
compare('different-answers')
compare('different-interface')
