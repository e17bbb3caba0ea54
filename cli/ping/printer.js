// Prints what pings bring: lines as they come or one screen that is drawn again, and at the end what they come to.
'use strict'

const { bar } = require('../output/bars.js')
const { errorFields } = require('../output/failures.js')
const { csvLine, jsonLine, milliseconds, seconds, Metrics } = require('../output/formats.js')
const { shortName } = require('../output/names.js')
const { shown } = require('../output/text.js')
const { column, widthOf } = require('../output/text-width.js')
const { PingTable } = require('./table.js')

const DRAWN_EVERY_MS = 100
const BAR = 20
const TIME = 10
const CSV = [
  'url',
  'address',
  'family',
  'sent',
  'received',
  'loss',
  'minMs',
  'medianMs',
  'p95Ms',
  'p99Ms',
  'maxMs',
  'reason'
]

class PingPrinter {
  /** `targets` is a list that may lose targets which turn out to be absent. */
  constructor({ stdout, format, sort, interval, nameOf, isQuiet }, targets) {
    Object.assign(this, { stdout, format, sort, interval, nameOf, targets })
    this.isQuiet = isQuiet || (format !== 'table' && format !== 'json')
    this.drawn = 0
    this.timer = null
    this.held = []
    this.layout = null
    if (stdout.canErase) stdout.onResize(() => this.onResize())
  }

  get shown() {
    return this.targets.filter(({ state, other }) => {
      return state === 'present' || (state === 'unknown' && (other === null || other.family > 4))
    })
  }

  get isDrawn() {
    return this.layout === 'screen'
  }

  /** Whether there is one target or more decides what the screen looks like, and is known by and by. */
  decide() {
    if (this.layout !== null || this.isQuiet) return
    const isOne = this.shown.length <= 1
    if (this.format === 'json') this.layout = 'lines'
    else this.layout = !isOne && this.stdout.canErase ? 'screen' : isOne ? 'one' : 'lines'
    const [first] = this.shown
    if (this.layout === 'one' && first !== undefined) {
      const at = first.endpoint === null ? '' : ` (${first.endpoint})`
      this.stdout.line(
        `PING ${shortName(this.nameOf(first.url))}${at}: a connect every ${this.interval / 1000} s`
      )
    }
    for (const held of this.held.splice(0)) this.outcome(...held)
    if (this.isDrawn) this.draw()
  }

  outcome(target, one) {
    if (this.isQuiet) return undefined
    if (this.layout === null) return void this.held.push([target, one])
    if (this.format === 'json') return this.stdout.line(this.record(target, one))
    if (this.isDrawn) return this.drawSoon()
    const isOne = this.layout === 'one'
    const { seq, ms } = one
    const name = isOne ? '' : `${column(shown(target.name), this.nameWidth())}  `
    const start = `${name}${String(seq).padStart(4)}  `
    if (ms === null) return this.stdout.line([start, ['red', target.reason]])
    const time = `${ms.toFixed(1)} ms`
    const line = isOne ? `${time.padEnd(TIME)}  ${bar(ms, this.barWidth())}` : time
    return this.stdout.line([start, ['green', line.trimEnd()]])
  }

  record({ url, address, family }, { seq, ms, error }) {
    const failure = error === null ? {} : { error: errorFields(error) }
    const about = { type: 'ping', url: this.nameOf(url), address, family }
    return jsonLine({ ...about, seq, ms: milliseconds(ms), ...failure })
  }

  barWidth() {
    return this.stdout.isTerminal ? Math.max(4, this.stdout.columns - 1 - 6 - TIME - 2) : BAR
  }

  nameWidth() {
    const longest = Math.max(...this.shown.map(({ name }) => widthOf(shown(name))))
    return this.stdout.isTerminal ? Math.min(longest, this.stdout.columns - 1 - 24) : longest
  }

  // However many answers come, a screen is drawn ten times a second at most.
  drawSoon() {
    this.timer ??= setTimeout(() => this.draw(), DRAWN_EVERY_MS)
  }

  screen() {
    const { stdout, shown: targets } = this
    // A line is left for what the shell says behind it.
    return new PingTable(stdout, targets).lines(targets, this.sort, stdout.rows - 1)
  }

  draw() {
    clearTimeout(this.timer)
    this.timer = null
    const lines = this.screen()
    this.stdout.again(lines, this.drawn)
    this.drawn = lines.length
  }

  onResize() {
    if (!this.isDrawn) return
    const lines = this.screen()
    this.stdout.afresh(lines)
    this.drawn = lines.length
  }

  async end() {
    this.decide()
    clearTimeout(this.timer)
    const { stdout, shown: targets } = this
    if (this.format === 'json')
      return stdout.lines(targets.map((one) => jsonLine(this.summaryOf(one))))
    if (this.format === 'csv') {
      const rows = targets.map((one) => this.summaryOf(one))
      return stdout.lines([CSV, ...rows.map((row) => CSV.map((name) => row[name]))].map(csvLine))
    }
    if (this.format === 'openmetrics') return stdout.lines(this.metrics(targets))
    if (targets.length === 0) return undefined
    if (this.isDrawn) return this.draw()
    const lines = new PingTable(stdout, targets).lines(targets, this.sort)
    return stdout.lines(this.isQuiet ? lines : ['', ...lines])
  }

  summaryOf({ url, address, family, reason, roundTrips }) {
    const { sent, received, loss } = roundTrips
    const { min, median, p95, p99, max } = roundTrips.summary()
    const times = { minMs: min, medianMs: median, p95Ms: p95, p99Ms: p99, maxMs: max }
    for (const [name, ms] of Object.entries(times)) times[name] = milliseconds(ms)
    const about = { type: 'summary', url: this.nameOf(url), address, family }
    return { ...about, sent, received, loss, ...times, reason }
  }

  metrics(targets) {
    const name = 'bittorrent_tracker_ping'
    const metrics = new Metrics()
      .family(`${name}_sent`, 'Connects that were sent and are decided.')
      .family(`${name}_lost`, 'Connects without an answer in time.')
      .family(`${name}_seconds`, 'Round trips of connects.', 'summary')
    for (const { url, address, family, roundTrips } of targets) {
      const labels = { url: this.nameOf(url), family: family ?? '', address: address ?? '' }
      metrics.add(`${name}_sent`, labels, roundTrips.sent)
      metrics.add(`${name}_lost`, labels, roundTrips.lost)
      const { min, median, p95, p99, max } = roundTrips.summary()
      const quantiles = { '0.0': min, 0.5: median, 0.95: p95, 0.99: p99, '1.0': max }
      for (const [quantile, ms] of Object.entries(quantiles)) {
        if (ms !== null) metrics.add(`${name}_seconds`, { ...labels, quantile }, seconds(ms))
      }
      metrics.add(`${name}_seconds`, labels, seconds(roundTrips.sum), '_sum')
      metrics.add(`${name}_seconds`, labels, roundTrips.timed, '_count')
    }
    return metrics.lines()
  }
}

module.exports = PingPrinter
