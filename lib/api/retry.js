// After a failure: when a tracker object with `retry` announces again.
'use strict'

const { AsyncResource } = require('node:async_hooks')

const addresses = require('../engine/addresses.js')
const { inContextOf, nobody } = require('../engine/context.js')
const { clearTimeout, setTimeout } = require('../engine/event-loop.js')

// In seconds, after the first failure in a row, the second, and so on.
const WAITS = [20, 60, 300, 900, 1800, 3600]

// A tracker that answers, though with an error, is there: its words do not change within seconds, and the first wait is left out.
const AFTER_WORDS = 1

// How much of a wait may be left out, so that those who failed together do not come back together.
const JITTER = 0.2

// When the network has come back, those who wait are spread over so many milliseconds. It is looked at as often as this while
// anybody waits.
const SPREAD = 5000
const LOOKED_AT_EVERY = 10_000

// opentracker's answer to a torrent that is not on its list, and to each torrent right after its own start: an announce answer
// with nothing in it.
const NOT_LISTED = 'ANNOUNCE_LENGTH'

/**
 * How many milliseconds to wait after this failure, the `failures`th in a row; `null` for one that does not pass by itself.
 * `interval` is what the tracker last asked for, in seconds, or `null`: nobody waits longer than that.
 */
function waitAfter({ code, causeCode }, failures, interval) {
  if (code === 'BAD_URL') return null
  const isWord = code === 'TRACKER_ERROR' || causeCode === NOT_LISTED
  const index = failures - 1 + (isWord ? AFTER_WORDS : 0)
  const seconds = WAITS[Math.min(index, WAITS.length - 1)]
  const most = interval === null ? seconds : Math.max(interval, WAITS[0])
  return 1000 * Math.min(seconds, most) * (1 - JITTER * Math.random())
}

/** Who waits after a failure, each with its context and a function that has it announce within so many milliseconds. */
const waiting = new Map()

// While anybody waits: the timer of the next look at this machine's addresses, and those that it had the last time.
let watch = null
let seen = null

/** `who` waits: until `forget(who)` it hears of a network that has come back. */
function wait(who, announceWithin) {
  waiting.set(who, { context: new AsyncResource('UdpTrackerRetry'), announceWithin })
  if (watch === null) inContextOf(nobody, look)
}

function forget(who) {
  if (!waiting.delete(who) || waiting.size > 0) return
  clearTimeout(watch)
  watch = null
  seen = null
}

function look() {
  const found = addresses().map(({ address }) => address)
  const isNew = seen !== null && found.some((address) => !seen.has(address))
  seen = new Set(found)
  watch = setTimeout(look, LOOKED_AT_EVERY)
  if (watch.unref) watch.unref()
  if (isNew) networkHasChanged()
}

/** The network has come back, or is another one: what failed before says nothing any more. */
function networkHasChanged() {
  for (const { context, announceWithin } of [...waiting.values()]) {
    inContextOf(context, announceWithin, SPREAD * Math.random())
  }
}

module.exports = { forget, wait, waitAfter, waiting }
