// Keeps a number of announces in flight for a time, a new tracker object each.
'use strict'

const STUCK = 1000

/**
 * Announces `inFlight` at once and one more for each answer, for `seconds` after a warm-up of `warmUp` seconds.
 * `onStart` and `onEnd` are called around the time that counts. Returns the announces answered in it.
 */
function sustain(announce, { inFlight, seconds, warmUp, infoHashes, onStart, onEnd }) {
  return new Promise((resolve) => {
    let next = 0
    let answered = 0
    let failed = 0
    let counted = 0
    let started = 0n
    let ended = false

    const one = () => {
      const infoHash = infoHashes[next]
      next = next + 1 === infoHashes.length ? 0 : next + 1
      announce(infoHash, done)
    }
    const done = (error) => {
      if (error) failed++
      else answered++
      if (!ended) one()
    }
    const start = () => {
      counted = answered
      if (onStart) onStart()
      started = process.hrtime.bigint()
      setTimeout(end, seconds * 1000)
    }
    const end = () => {
      const nanoseconds = Number(process.hrtime.bigint() - started)
      if (onEnd) onEnd()
      ended = true
      resolve({ answered: answered - counted, failed, nanoseconds })
    }
    setTimeout(start, warmUp * 1000)
    for (let i = 0; i < inFlight; i++) one()
  })
}

/**
 * Calls `announce(index, done)` `count` times in one tick; waits for the last answer, or until nothing has come for
 * `quiet` milliseconds: whoever has lost a datagram then waits for half a minute.
 */
function burst(announce, { count, quiet = STUCK, onTick }) {
  return new Promise((resolve) => {
    const started = process.hrtime.bigint()
    let answered = 0
    let failed = 0
    let last = started
    let watch = null

    const finish = () => {
      clearInterval(watch)
      resolve({ answered, failed, nanoseconds: Number(last - started) })
    }
    const ended = () => {
      last = process.hrtime.bigint()
      if (answered + failed === count) finish()
    }
    const done = {
      onUpdate() {
        answered++
        ended()
      },
      onError() {
        failed++
        ended()
      }
    }
    for (let i = 0; i < count; i++) announce(i, done)
    last = process.hrtime.bigint()
    watch = setInterval(() => {
      if (onTick) onTick()
      if (Number(process.hrtime.bigint() - last) > quiet * 1e6) finish()
    }, 50)
  })
}

module.exports = { burst, sustain }
