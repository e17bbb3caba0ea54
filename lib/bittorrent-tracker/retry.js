// After a failure a tracker announces again by itself, as long as its interval runs: without this it would be silent for half an
// hour.
'use strict'

const retry = require('../api/retry.js')

// What is known of a tracker: how many of its announces in a row have failed, the seconds that it last asked for, and the timer
// of the next attempt. `patch` has trackers of another class, so that it cannot be in a field.
const states = new WeakMap()

function stateOf(tracker) {
  let state = states.get(tracker)
  if (state === undefined)
    states.set(tracker, (state = { failures: 0, interval: null, timer: null }))
  return state
}

/** The tracker has answered, and wants to be asked again in `interval` seconds. */
function answered(tracker, interval) {
  Object.assign(stateOf(tracker), { failures: 0, interval })
}

/** The announce of `event` has failed. */
function failed(tracker, event, failure) {
  const state = stateOf(tracker)
  state.failures++
  if (tracker.interval === null || event === 'stopped') return
  const wait = retry.waitAfter(failure, state.failures, state.interval)
  if (wait === null) return
  schedule(tracker, event, wait)
  retry.wait(tracker, (sooner) => schedule(tracker, event, sooner))
}

function schedule(tracker, event, wait) {
  forget(tracker)
  const announce = () => {
    const opts = tracker.client._defaultAnnounceOpts()
    tracker.announce(event === 'update' ? opts : { ...opts, event })
  }
  const timer = setTimeout(announce, wait)
  if (timer.unref) timer.unref()
  stateOf(tracker).timer = timer
}

/** Nothing is to be announced but what the application and the interval say. */
function forget(tracker) {
  retry.forget(tracker)
  const state = states.get(tracker)
  if (state !== undefined) clearTimeout(state.timer)
}

module.exports = { answered, failed, forget }
