// Prints what pings bring: lines as they come or one screen that is drawn again, and at the end what they come to.
'use strict'

const { errorFields, reasonOf } = require('../output/failures.js')
const { csvLine, jsonLine, Metrics } = require('../output/formats.js')
const PingTable = require('./table.js')
const { shown } = require('../output/text.js')
const { column, widthOf } = require('../output/text-width.js')
const { shortName } = require('../input/tracker-url.js')

const milliseconds = (ms) => (ms === null ? null : Math.round(ms * 1000) / 1000)

function summaryOf({ tracker: { url }, address, family, roundTrips }) {
  const { sent, received, loss } = roundTrips
  const { min, median, p95, p99, max } = roundTrips.summary()
  const times = { minMs: min, medianMs: median, p95Ms: p95, p99Ms: p99, maxMs: max }
  for (const [name, ms] of Object.entries(times)) times[name] = milliseconds(ms)
  return { url, address, family, sent, received, loss, ...times }
}

function metricsOf(targets, unresolved) {
  const name = 'bittorrent_tracker_ping'
  const metrics = new Metrics()
    .family(`${name}_sent`, 'Connects that were sent and are decided.')
    .family(`${name}_lost`, 'Connects without an answer in time.')
    .family(`${name}_seconds`, 'Round trips of connects.', 'summary')
  for (const { tracker } of unresolved) metrics.add(`${name}_sent`, { url: tracker.url }, 0)
  for (const { tracker, address, roundTrips } of targets) {
    const labels = { url: tracker.url, address }
    metrics.add(`${name}_sent`, labels, roundTrips.sent)
    metrics.add(`${name}_lost`, labels, roundTrips.lost)
    const { min, median, p95, p99, max } = roundTrips.summary()
    const quantiles = { '0.0': min, 0.5: median, 0.95: p95, 0.99: p99, '1.0': max }
    for (const [quantile, ms] of Object.entries(quantiles)) {
      if (ms !== null) metrics.add(`${name}_seconds`, { ...labels, quantile }, ms / 1000)
    }
    metrics.add(`${name}_seconds`, labels, roundTrips.sum / 1000, '_sum')
    metrics.add(`${name}_seconds`, labels, roundTrips.received, '_count')
  }
  return metrics.lines()
}

class PingPrinter {
  constructor(stdout, format, targets) {
    this.stdout = stdout
    this.format = format
    this.targets = targets
    this.table = new PingTable(stdout, targets)
    this.nameWidth = 0
    for (const { name } of targets) this.nameWidth = Math.max(this.nameWidth, widthOf(shown(name)))
    // One screen, drawn over and over; what does not fit there is printed line by line.
    this.isScreen =
      format === 'table' &&
      stdout.canErase &&
      targets.length > 1 &&
      targets.length + 3 < stdout.rows
    this.drawn = 0
  }

  begin({ interval }) {
    if (this.format !== 'table' || this.targets.length === 0) return undefined
    if (this.isScreen) return this.draw()
    if (this.targets.length > 1) return undefined
    const [{ tracker, endpoint }] = this.targets
    return this.stdout.line(
      `PING ${shortName(tracker.url)} (${endpoint}): a connect every ${interval / 1000} s`
    )
  }

  outcome(target, { seq, ms, error }) {
    const { url } = target.tracker
    if (this.format === 'json') {
      const failure = error === null ? {} : { error: errorFields(error) }
      const { address, family } = target
      return this.stdout.line(
        jsonLine({ url, address, family, seq, ms: milliseconds(ms), ...failure })
      )
    }
    if (this.format !== 'table') return undefined
    if (this.isScreen) return this.draw()
    const name =
      this.targets.length === 1 ? '' : `${column(shown(target.name), this.lineNameWidth())}  `
    const text = ms === null ? (error ? reasonOf(error) : 'no answer') : `${ms.toFixed(1)} ms`
    const refusal = ms !== null && error !== null ? `  refuses: ${reasonOf(error)}` : ''
    return this.stdout.line([
      name + String(seq).padStart(4),
      '  ',
      [ms === null ? 'red' : 'green', text],
      refusal
    ])
  }

  lineNameWidth() {
    const room = this.stdout.isTerminal ? this.stdout.columns - 1 - 24 : Infinity
    return Math.min(this.nameWidth, room)
  }

  draw() {
    const lines = this.table.lines(this.targets)
    this.stdout.again(lines, this.drawn)
    this.drawn = lines.length
  }

  async end(unresolved) {
    if (this.format === 'json')
      return this.stdout.lines(this.targets.map((target) => jsonLine(summaryOf(target))))
    if (this.format === 'csv') {
      const rows = this.targets.map(summaryOf)
      const names = [
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
        'maxMs'
      ]
      return this.stdout.lines([
        csvLine(names),
        ...rows.map((row) => csvLine(names.map((name) => row[name])))
      ])
    }
    if (this.format === 'openmetrics') return this.stdout.lines(metricsOf(this.targets, unresolved))
    if (this.targets.length === 0) return undefined
    if (this.isScreen) return this.draw()
    return this.stdout.lines(['', ...this.table.lines(this.targets)])
  }
}

module.exports = PingPrinter
