// When a tracker object announces beyond what it is told to: at the end of the interval, and after a failure.
'use strict'

const { isGiven, limit } = require('./arguments.js')
const { kind, outOfRange, shown, wrongType } = require('./errors.js')
const { checkSignal } = require('./abort.js')

/** Of version 1. Trackers that ask for nothing else share it. */
const PLAN = Object.freeze({
  retry: false,
  once: false,
  minInterval: 1,
  jitter: 0,
  keepAlive: false,
  timeout: Infinity
})

// With `retry`, in milliseconds: an announce that nobody answers must become a failure for there to be another.
const RETRY_TIMEOUT = 60_000

/** The plan of the options of a tracker object. `timeout` is in milliseconds, `minInterval` in seconds. */
function planOf({ retry, events, minInterval, jitter, keepAlive, timeout }) {
  if (![retry, events, minInterval, jitter, keepAlive, timeout].some(isGiven)) return PLAN
  const isRetried = yesOrNo('retry', retry)
  return {
    retry: isRetried,
    once: isGiven(events) && onceOf(events),
    minInterval: isGiven(minInterval) ? Math.max(share('minInterval', minInterval, 2 ** 31), 1) : 1,
    jitter: isGiven(jitter) ? share('jitter', jitter, 1) : 0,
    keepAlive: yesOrNo('keepAlive', keepAlive),
    timeout: limit(timeout, isRetried ? RETRY_TIMEOUT : Infinity)
  }
}

function yesOrNo(name, value) {
  if (!isGiven(value)) return false
  if (typeof value !== 'boolean') {
    throw wrongType(`opts.${name} must be true or false, got ${kind(value)}`)
  }
  return value
}

function onceOf(value) {
  if (value === 'once') return true
  throw outOfRange(`opts.events must be 'once', got ${shown(value)}`)
}

function share(name, value, most) {
  if (typeof value !== 'number') {
    throw wrongType(`opts.${name} must be a number, got ${kind(value)}`)
  }
  if (!(value >= 0 && value <= most)) {
    throw outOfRange(`opts.${name} must be from 0 to ${most}, got ${value}`)
  }
  return value
}

/** The signal of the options of a tracker object, or `undefined`. */
function signalOf({ signal }) {
  if (!isGiven(signal)) return undefined
  checkSignal(signal)
  return signal
}

module.exports = { planOf, signalOf }
