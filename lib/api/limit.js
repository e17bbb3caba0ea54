// A time limit of a request. Its timer does not keep the process alive; the request in flight does.
'use strict'

const engine = require('../engine/engine.js')
const { LONGEST_TIMER, clearTimeout, setTimeout } = require('../engine/event-loop.js')

/** Calls `onTimeout` when `time` milliseconds have passed since it was made or restarted, unless it is ended before. */
class Limit {
  constructor(time, onTimeout) {
    this.time = Math.min(time, LONGEST_TIMER)
    this.onTimeout = onTimeout
    this.timer = null
    this.restart()
  }

  restart() {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.expire(), this.time)
    if (this.timer.unref) this.timer.unref()
  }

  expire() {
    // If JavaScript was busy all the while, the answer may be waiting.
    const { timer } = this
    engine.catchUp()
    if (this.timer === timer) this.onTimeout()
  }

  end() {
    clearTimeout(this.timer)
    this.timer = null
  }
}

module.exports = Limit
