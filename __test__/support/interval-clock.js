// The timers between a tracker object's announces in the hands of a test; all others are left alone.
'use strict'

const { setTimeout: genuineSet, clearTimeout: genuineClear } = globalThis

const waiting = new Set()

globalThis.setTimeout = function setTimeout(callback, wait, ...details) {
  if (callback.name !== 'announceAgain') return genuineSet(callback, wait, ...details)
  const timer = { wait, isKept: true, unref: () => (timer.isKept = false), fire: () => {} }
  timer.fire = () => waiting.delete(timer) && callback(...details)
  waiting.add(timer)
  return timer
}
globalThis.clearTimeout = function clearTimeout(timer) {
  if (!waiting.delete(timer)) genuineClear(timer)
}

/** The waits of the trackers, each with its `wait` in milliseconds, whether it is kept and `fire`. */
const waits = () => [...waiting]

/** The only one there is. */
function onlyWait() {
  const all = waits()
  if (all.length !== 1) throw new Error(`${all.length} trackers wait`)
  return all[0]
}

module.exports = { onlyWait, waits }
