// What this package needs of the runtime's event loop and clocks, taken when it is loaded: test suites replace the globals by
// clocks of their own (Jest, Vitest, sinon, node:test), and jsdom has no setImmediate. The timer of a tracker's interval
// is not among them: it is the application's own, so that its `clearTimeout` fits and its tests can advance it.
'use strict'

const { performance } = require('node:perf_hooks')
const timers = require('node:timers')

/** The longest wait of a timer, in milliseconds; longer ones fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1

// A suite may have replaced them before it loads this package. Jest, Vitest and sinon use @sinonjs/fake-timers, whose
// functions lead to their clock, and the clock to what they stand for.
function original(owner, name) {
  let method = owner[name]
  while (method.clock && typeof method.clock[`_${name}`] === 'function') {
    method = method.clock[`_${name}`]
  }
  return method
}

// Those of node:test and of Jest's older timers lead nowhere.
const isGenuine = (method, name) => method.name === name

const nextTick = original(process, 'nextTick')
const setImmediate = original(timers, 'setImmediate')
const setTimeout = original(timers, 'setTimeout')
const clearTimeout = original(timers, 'clearTimeout')

/** Calls `callback(...details)` when what runs now has ended. */
const afterThis = isGenuine(nextTick, 'nextTick')
  ? nextTick
  : (callback, ...details) => void Promise.resolve().then(() => callback(...details))

/** Calls `callback` in the next turn of the event loop. */
const nextTurn = isGenuine(setImmediate, 'setImmediate') ? setImmediate : nextTurnByMessage

// A message to oneself is a turn of the event loop as well.
function nextTurnByMessage(callback) {
  const { MessageChannel } = require('node:worker_threads')
  const { port1, port2 } = new MessageChannel()
  port1.once('message', () => {
    port1.close()
    callback()
  })
  port2.postMessage(null)
}

/** Milliseconds on a clock that only goes on. Suites replace the `performance` of the global scope, not that of the module. */
const now = performance.now.bind(performance)

const calendar = Date.now
const isNative = Function.prototype.toString.call(calendar).includes('[native code]')

/** Milliseconds since 1970; since something else where a suite has the calendar. */
const wallClock = isNative ? calendar : now

module.exports = { LONGEST_TIMER, afterThis, clearTimeout, nextTurn, now, setTimeout, wallClock }
