'use strict'

// What this package needs of the runtime's event loop, taken when it is loaded: test suites replace the globals by
// clocks of their own (Jest, Vitest, sinon, node:test), and jsdom has no setImmediate. The timer of a tracker's interval
// is not among them: it is the application's own, so that its `clearTimeout` fits and its tests can advance it.

const { AsyncResource } = require('async_hooks')
const timers = require('timers')

/** What lives as long as the process is made in this context, not in that of the first caller. */
const root = new AsyncResource('UdpTrackerEngine')

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
const setInterval = original(timers, 'setInterval')
const setTimeout = original(timers, 'setTimeout')
const clearTimeout = original(timers, 'clearTimeout')

const resolved = Promise.resolve()

/** Calls `callback(...details)` when what runs now has ended. */
const afterThis = isGenuine(nextTick, 'nextTick')
  ? nextTick
  : (callback, ...details) => void resolved.then(() => callback(...details))

const byTimers = isGenuine(setImmediate, 'setImmediate') && isGenuine(setInterval, 'setInterval')

/**
 * A function that calls `callback` in the next turn of the event loop, and something that keeps the process alive between
 * its `ref` and its `unref`.
 */
function turns(callback) {
  if (!byTimers) return turnsByMessage(callback)
  const anchor = setInterval(() => {}, LONGEST_TIMER)
  anchor.unref()
  return { nextTurn: () => setImmediate(callback), anchor }
}

// A message to oneself is a turn of the event loop as well.
function turnsByMessage(callback) {
  const { MessageChannel } = require('worker_threads')
  const { port1, port2 } = new MessageChannel()
  port1.on('message', callback)
  port1.unref()
  return { nextTurn: () => port2.postMessage(null), anchor: port1 }
}

module.exports = { LONGEST_TIMER, afterThis, clearTimeout, root, setTimeout, turns }
