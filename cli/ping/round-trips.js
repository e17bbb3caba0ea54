// Round trips over time: how many came back, how long they took, and how that looks.
'use strict'

const BARS = '▁▂▃▄▅▆▇█'
const LOST = '×'
const FIRST_LENGTH = 64

class RoundTrips {
  constructor() {
    this.values = new Float64Array(FIRST_LENGTH)
    this.received = 0
    this.lost = 0
    this.sum = 0
    // The latest outcomes, `null` for one that was lost.
    this.latest = []
  }

  add(ms) {
    if (this.received === this.values.length) {
      const larger = new Float64Array(2 * this.received)
      larger.set(this.values)
      this.values = larger
    }
    this.values[this.received++] = ms
    this.sum += ms
    this.keep(ms)
  }

  lose() {
    this.lost++
    this.keep(null)
  }

  keep(outcome) {
    this.latest.push(outcome)
    if (this.latest.length > 200) this.latest.shift()
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

  /** `{min, median, p95, p99, max}` in milliseconds, by the nearest rank: each is a round trip that there was. */
  summary() {
    if (this.received === 0) return { min: null, median: null, p95: null, p99: null, max: null }
    const sorted = this.values.slice(0, this.received).sort()
    const rank = (share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
    return {
      min: sorted[0],
      median: rank(0.5),
      p95: rank(0.95),
      p99: rank(0.99),
      max: sorted[sorted.length - 1]
    }
  }

  /** The latest outcomes as a line of bars, from nothing to the largest of them. */
  sparkline(length) {
    const shown = this.latest.slice(-length)
    const largest = Math.max(...shown.map((ms) => ms ?? 0))
    return shown
      .map((ms) =>
        ms === null
          ? LOST
          : BARS[Math.min(BARS.length - 1, Math.floor((ms / largest) * BARS.length))]
      )
      .join('')
  }
}

module.exports = RoundTrips
