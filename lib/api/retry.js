'use strict'

// After a failure: when a tracker object with `retry` announces again.

// In seconds, after the first failure in a row, the second, and so on.
const WAITS = [20, 60, 300, 900, 1800, 3600]

// A tracker that answers, though with an error, is there: its words do not change within seconds.
const FIRST_WAIT_AFTER_WORDS = 1

// How much of a wait may be left out, so that those who failed together do not come back together.
const JITTER = 0.2

// When the network has come back, those who wait are spread over so many milliseconds.
const SPREAD = 5000

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
  const index = Math.max(failures - 1, isWord ? FIRST_WAIT_AFTER_WORDS : 0)
  const seconds = WAITS[Math.min(index, WAITS.length - 1)]
  const most = interval === null ? seconds : Math.max(interval, WAITS[0])
  return 1000 * Math.min(seconds, most) * (1 - JITTER * Math.random())
}

/** Who waits after a failure, each with a function that has it announce within so many milliseconds. */
const waiting = new Map()

/** The network has come back, or is another one: what failed before says nothing any more. */
function networkHasChanged() {
  for (const announceWithin of [...waiting.values()]) announceWithin(SPREAD * Math.random())
}

module.exports = { networkHasChanged, waitAfter, waiting }
