// Calls that end with an AbortSignal. One signal may be that of any number of calls, and Node warns of a leak from the
// eleventh listener on: each signal has one of ours.
'use strict'

const { wrongType } = require('./errors.js')

/** The calls of each signal, with the listener that tells them. */
const watched = new WeakMap()

/**
 * Throws a TypeError for what is not an AbortSignal. jsdom and polyfills have classes of their own.
 */
function checkSignal(signal) {
  const isSignal =
    typeof signal === 'object' &&
    typeof signal.addEventListener === 'function' &&
    typeof signal.removeEventListener === 'function'
  if (!isSignal) throw wrongType('opts.signal must be an AbortSignal')
}

/** Why the signal was aborted. Old polyfills do not say. */
function reasonOf(signal) {
  const { reason } = signal
  if (reason !== undefined) return reason
  return Object.assign(new Error('This operation was aborted'), {
    name: 'AbortError',
    code: 'ABORT_ERR'
  })
}

/** Calls `onAbort(reason)` when the signal is aborted, unless the function it returns is called before. */
function whenAborted(signal, onAbort) {
  let calls = watched.get(signal)
  if (calls === undefined) {
    calls = new Set()
    const listener = () => {
      const reason = reasonOf(signal)
      for (const call of calls) call(reason)
    }
    signal.addEventListener('abort', listener)
    calls.unlisten = () => signal.removeEventListener('abort', listener)
    watched.set(signal, calls)
  }
  calls.add(onAbort)
  return () => {
    if (!calls.delete(onAbort) || calls.size > 0) return
    watched.delete(signal)
    calls.unlisten()
  }
}

module.exports = { checkSignal, reasonOf, whenAborted }
