// A line on standard error while something takes long, and only where that is a terminal: how far it is, how fast, how
// long it will take, and what it waits for.
'use strict'

const { counted, duration, grouped } = require('./text.js')

const SHOWN_AFTER_MS = 500
const DRAWN_EVERY_MS = 100
const LONGEST_BAR = 20
const SHORTEST_BAR = 8
// A rate over less than this would jump.
const RATE_OVER_MS = 3000

class Progress {
  /**
   * `outputs` are those that write to the same terminal. `what()`, which may give an empty text, says what is waited for.
   * `total` is `null` for what has no parts.
   */
  constructor({ stdout, stderr }, { total = null, unit = '', what = () => '' }) {
    this.output = stderr
    this.total = total
    this.unit = unit
    this.what = what
    this.done = 0
    this.visible = false
    this.began = performance.now()
    this.samples = [[this.began, 0]]
    this.timer = null
    if (!stderr.canErase) return
    for (const output of [stdout, stderr]) output.onLines(() => this.hide())
    this.timer = setTimeout(() => {
      this.draw()
      this.timer = setInterval(() => this.draw(), DRAWN_EVERY_MS).unref()
    }, SHOWN_AFTER_MS).unref()
  }

  draw() {
    const waiting = this.what()
    const parts = this.total === null ? [] : this.parts()
    if (waiting !== '') parts.push(waiting)
    this.output.transient(parts.join('  '))
    this.visible = true
  }

  parts() {
    const { done, total } = this
    const share = done / total
    const room = this.output.columns - 45
    const width = Math.max(SHORTEST_BAR, Math.min(LONGEST_BAR, room))
    const full = Math.floor(share * width)
    const bar = `[${'#'.repeat(full)}${'-'.repeat(width - full)}]`
    const percent = `${String(Math.floor(share * 100)).padStart(3)}%`
    const parts = [`${bar} ${percent}  ${grouped(done)} of ${grouped(total)} ${this.unit}`]
    const rate = this.rate()
    // For a handful there is none, and the last ones of a check wait for the dead.
    if (rate > 10 && done < total) {
      parts.push(
        `${grouped(Math.round(rate))}/s`,
        `${duration((1000 * (total - done)) / rate)} left`
      )
    }
    return parts
  }

  // A second's, over the latest few.
  rate() {
    const now = performance.now()
    this.samples.push([now, this.done])
    while (this.samples.length > 2 && now - this.samples[1][0] > RATE_OVER_MS) this.samples.shift()
    const [at, done] = this.samples[0]
    return now > at ? (1000 * (this.done - done)) / (now - at) : 0
  }

  /** Takes the line away, so that something can be written where it stands; it comes back by itself. */
  hide() {
    if (this.visible) this.output.erase()
    this.visible = false
  }

  end() {
    clearInterval(this.timer)
    this.hide()
  }
}

/** `waiting for 12 trackers: a, b, …` */
function waitingFor(names, unit) {
  if (names.length === 0) return ''
  return `waiting for ${names.length === 1 ? '' : `${counted(names.length, unit)}: `}${names.slice(0, 20).join(', ')}`
}

module.exports = { Progress, waitingFor }
