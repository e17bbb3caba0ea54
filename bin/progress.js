'use strict'

// A bar on standard error while something takes long, and only where that is a terminal.

const { grouped } = require('./text.js')

const SHOWN_AFTER_MS = 500
const DRAWN_EVERY_MS = 100
const BAR_WIDTH = 30
const ERASE_LINE = '\r\x1b[2K'

class Progress {
  constructor(output, total, what) {
    this.output = output
    this.total = total
    this.what = what
    this.done = 0
    this.visible = false
    this.timer = null
    if (!output.isTerminal || total < 2) return
    this.timer = setTimeout(() => {
      this.draw()
      this.timer = setInterval(() => this.draw(), DRAWN_EVERY_MS).unref()
    }, SHOWN_AFTER_MS).unref()
  }

  draw() {
    const share = this.done / this.total
    const full = Math.floor(share * BAR_WIDTH)
    const bar = '#'.repeat(full) + '-'.repeat(BAR_WIDTH - full)
    const percent = String(Math.floor(share * 100)).padStart(3)
    const line = `[${bar}] ${percent}%  ${grouped(this.done)} of ${grouped(this.total)} ${this.what}`
    // A line that is longer than the terminal could not be erased.
    this.output.write(ERASE_LINE + line.slice(0, this.output.columns - 1))
    this.visible = true
  }

  /** Takes the bar away, so that something can be written where it stands; it comes back by itself. */
  hide() {
    if (this.visible) this.output.write(ERASE_LINE)
    this.visible = false
  }

  end() {
    clearInterval(this.timer)
    this.hide()
  }
}

module.exports = Progress
