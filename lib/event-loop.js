'use strict'

// What this package needs of the runtime's event loop, taken when it is loaded: test suites replace the globals by
// clocks of their own (Jest, Vitest, sinon, node:test), and jsdom has no setImmediate. The timer of a tracker's interval
// is not among them: it is the application's own, so that its `clearTimeout` fits and its tests can advance it.

const timers = require('timers')

const { nextTick } = process
const { clearTimeout, setImmediate, setInterval, setTimeout } = timers

/** The longest wait of a timer, in milliseconds; longer ones fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1

module.exports = { LONGEST_TIMER, clearTimeout, nextTick, setImmediate, setInterval, setTimeout }
