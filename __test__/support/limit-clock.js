// The clock by which the package's promises give up, in the hands of a test. To be required before the package, which
// takes its timers when it is loaded; everybody else's are left alone.
'use strict'

const timers = require('node:timers')

const waiting = new Set()
let now = 0

const { setTimeout, clearTimeout } = timers
timers.setTimeout = Object.defineProperty(
  (callback, ms) => {
    const timer = { callback, at: now + ms }
    waiting.add(timer)
    return timer
  },
  'name',
  { value: 'setTimeout' }
)
timers.clearTimeout = (timer) => waiting.delete(timer)
const loop = require('../../lib/engine/event-loop.js')
Object.assign(timers, { setTimeout, clearTimeout })
// The portable engine's timers are no promise's.
const { setTimeout: limit, clearTimeout: forget } = loop
Object.assign(loop, { setTimeout, clearTimeout })
require('../../lib/portable/session.js')
Object.assign(loop, { setTimeout: limit, clearTimeout: forget })

/** Lets time pass for the limits of promises. */
function pass(ms) {
  now += ms
  for (const timer of waiting) {
    if (timer.at <= now && waiting.delete(timer)) timer.callback()
  }
}

/** How many limits there are. */
const count = () => waiting.size

module.exports = { count, pass }
