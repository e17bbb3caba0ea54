// Round trips over time: how many came back, how long they took, and how that looks. What is kept does not grow with time.
'use strict'

const { createHistogram } = require('node:perf_hooks')

// In microseconds; three digits, so that a percentile is right to a thousandth.
const FIGURES = 3
const LATEST = 200

class RoundTrips {
  /** `longest` is the longest that can come, in milliseconds. */
  constructor(longest) {
    const highest = Math.max(2, Math.ceil(longest * 1000))
    this.histogram = createHistogram({ lowest: 1, highest, figures: FIGURES })
    this.highest = highest
    this.received = 0
    this.lost = 0
    this.sum = 0
    this.min = null
    this.max = null
    // The latest outcomes, `null` for one that was lost.
    this.latest = []
  }

  add(ms) {
    this.histogram.record(Math.min(this.highest, Math.max(1, Math.round(ms * 1000))))
    this.received++
    this.sum += ms
    this.min = Math.min(ms, this.min ?? ms)
    this.max = Math.max(ms, this.max ?? ms)
    this.keep(ms)
  }

  /** An answer that is an error, of which no time is known. */
  refuse() {
    this.received++
    this.keep(null)
  }

  lose() {
    this.lost++
    this.keep(null)
  }

  keep(outcome) {
    this.latest.push(outcome)
    if (this.latest.length > LATEST) this.latest.shift()
  }

  /** How many have a time. */
  get timed() {
    return Number(this.histogram.count)
  }

  get sent() {
    return this.received + this.lost
  }

  /** From 0 to 1, `null` while nothing is known. */
  get loss() {
    return this.sent === 0 ? null : this.lost / this.sent
  }

  get last() {
    return this.latest.length === 0 ? null : this.latest[this.latest.length - 1]
  }

  /** `{min, median, p95, p99, max}` in milliseconds. */
  summary() {
    if (this.min === null) return { min: null, median: null, p95: null, p99: null, max: null }
    const { min, max } = this
    // The histogram's steps are a thousandth wide; the ends are known exactly.
    const at = (percent) => Math.min(max, Math.max(min, this.histogram.percentile(percent) / 1000))
    return { min, median: at(50), p95: at(95), p99: at(99), max }
  }
}

module.exports = RoundTrips
