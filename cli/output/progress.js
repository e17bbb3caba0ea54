// A line on standard error while something takes long, and only where that is a terminal: how far it is, how fast, how
// long it will take, and what it waits for.
'use strict'

const { widthOf } = require('./text-width.js')
const { counted, duration, grouped, shown } = require('./text.js')

const SHOWN_AFTER_MS = 500
const DRAWN_EVERY_MS = 100
const LONGEST_BAR = 20
const SHORTEST_BAR = 8
// A rate over less than this would jump.
const RATE_OVER_MS = 3000
const GAP = '  '

class Progress {
  /**
   * Both outputs may write to the same terminal. `what(room)`, which may give an empty text, says in `room` columns what is
   * waited for. `total` is `null` for what has no parts. `limit()` is how long what is under way can take at most, in
   * milliseconds, where that is known: a rate knows nothing of time-outs that are still running.
   */
  constructor({ stdout, stderr }, { total = null, unit = '', what = () => '', limit = null }) {
    Object.assign(this, { output: stderr, total, unit, what, limit })
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
    const room = this.output.columns - 1
    let line = this.total === null ? '' : this.parts(room)
    const waiting = shown(this.what(room - (line === '' ? 0 : widthOf(line) + GAP.length)))
    if (waiting !== '') line = line === '' ? waiting : line + GAP + waiting
    this.output.transient(line)
    this.visible = true
  }

  // As many of them as there is room for.
  parts(room) {
    const { done, total } = this
    const share = done / total
    const width = Math.max(
      SHORTEST_BAR,
      Math.min(LONGEST_BAR, room - (this.limit === null ? 44 : 66))
    )
    const full = Math.floor(share * width)
    const bar = `[${'#'.repeat(full)}${'-'.repeat(width - full)}]`
    const count = `${grouped(done)} of ${grouped(total)} ${this.unit}`
    const parts = [`${bar} ${String(Math.floor(share * 100)).padStart(3)}%`, count, ...this.pace()]
    while (parts.length > 1 && widthOf(parts.join(GAP)) > room) {
      if (parts[0] !== count) parts.shift()
      else parts.pop()
    }
    return parts.join(GAP)
  }

  // How fast it goes and how long it will take, as far as that can be said.
  pace() {
    const { done, total } = this
    const rate = this.rate()
    if (this.limit !== null) {
      const ms = this.limit()
      return done === total || !(ms > 0) ? [] : [`${duration(ms)} left`]
    }
    // For a handful there is none.
    if (!(rate > 10 && done < total)) return []
    return [`${grouped(Math.round(rate))}/s`, `${duration((1000 * (total - done)) / rate)} left`]
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

/** `waiting for 12 trackers: a, b` with as many names as `room` columns hold, and nothing in less than the number takes. */
function waitingFor(names, unit, room) {
  if (names.length === 0) return ''
  const start = `waiting for ${counted(names.length, unit)}`
  let text = names.length === 1 ? `waiting for ${names[0]}` : `${start}: ${names[0]}`
  if (widthOf(shown(text)) > room) return widthOf(start) <= room ? start : ''
  for (const name of names.slice(1)) {
    if (widthOf(shown(`${text}, ${name}`)) > room) break
    text = `${text}, ${name}`
  }
  return text
}

module.exports = { Progress, waitingFor }
