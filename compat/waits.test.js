// The scenarios that measure waits. They have the machine to themselves, one after the other.
'use strict'

const compare = require('./support/compare.js')

compare('retransmission', 1)
