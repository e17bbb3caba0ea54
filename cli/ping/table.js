// Round trips of several trackers side by side, as `mtr` has them.
'use strict'

const { sparkline } = require('../output/bars.js')
const { GAP, fitting } = require('../output/columns.js')
const { fitName } = require('../output/names.js')
const { column, fit, widthOf } = require('../output/text-width.js')
const { counted, shown } = require('../output/text.js')

const COLUMNS = [
  { field: 'sent', header: 'SENT', width: 5, drop: 4 },
  { field: 'loss', header: 'LOSS', width: 4 },
  { field: 'last', header: 'LAST', width: 6, drop: 3 },
  { field: 'min', header: 'MIN', width: 6, drop: 5 },
  { field: 'median', header: 'MEDIAN', width: 6 },
  { field: 'p95', header: 'P95', width: 6, drop: 2 },
  { field: 'p99', header: 'P99', width: 6, drop: 6 },
  { field: 'max', header: 'MAX', width: 6, drop: 1 }
]
const LEAST_NAME = 16
const LEAST_SPARKLINE = 8
const SPARKLINE = 20
// Of a reason beside bars, which are then fewer.
const LEAST_BARS = 3

const number = (ms) => (ms === null ? '-' : ms >= 10_000 ? ms.toFixed(0) : ms.toFixed(1))

const medianOf = ({ roundTrips }) => roundTrips.summary().median ?? Infinity
const lossOf = ({ roundTrips }) => roundTrips.loss ?? 0
const best = (a, b) => lossOf(a) - lossOf(b) || medianOf(a) - medianOf(b) || 0
const ORDERS = { given: () => 0, best, worst: (a, b) => best(b, a) }

class PingTable {
  /** As it is on this output at this moment: its width may be another one the next time. */
  constructor(stdout, targets) {
    let longest = 'TRACKER'.length
    for (const { name } of targets) longest = Math.max(longest, widthOf(shown(name)))
    if (!stdout.isTerminal) {
      Object.assign(this, {
        columns: COLUMNS,
        nameWidth: longest,
        barWidth: SPARKLINE,
        width: Infinity
      })
      return
    }
    this.width = stdout.columns - 1
    const least = Math.min(longest, LEAST_NAME) + GAP.length + LEAST_SPARKLINE
    const { columns, width: taken } = fitting(COLUMNS, this.width - least)
    this.columns = columns
    this.nameWidth = Math.min(longest, this.width - taken - GAP.length - LEAST_SPARKLINE)
    this.barWidth = Math.min(SPARKLINE, this.width - taken - GAP.length - this.nameWidth)
  }

  header() {
    const names = this.columns.map(({ header, width }) => header.padStart(width))
    return [['bold', [column('TRACKER', this.nameWidth), ...names].join(GAP)]]
  }

  row(target) {
    const { name, roundTrips, reason } = target
    const { sent, loss, last } = roundTrips
    const values = { sent: String(sent), loss: loss === null ? '-' : `${Math.round(100 * loss)}%` }
    for (const [field, ms] of Object.entries({ last, ...roundTrips.summary() })) {
      values[field] = number(ms)
    }
    const style = loss === null || loss === 0 ? 'green' : loss === 1 ? 'red' : 'yellow'
    const lossAt = this.columns.findIndex(({ field }) => field === 'loss')
    const cells = this.columns.map(({ field, width }) => values[field].padStart(width))
    const title = column(fitName(shown(name), this.nameWidth), this.nameWidth)
    const start = [[title, ...cells.slice(0, lossAt), ''].join(GAP), [style, cells[lossAt]], GAP]
    const room =
      this.width - this.nameWidth - cells.slice(0, lossAt + 1).join(GAP).length - 2 * GAP.length
    // Without any answer there are no numbers: the reason has their place.
    if (roundTrips.timed === 0) return [...start, ['red', fit(shown(reason ?? ''), room)]]
    const numbers = cells
      .slice(lossAt + 1)
      .map((cell) => cell + GAP)
      .join('')
    return [...start, numbers, ...this.bars(roundTrips, reason, room - numbers.length)]
  }

  // The latest round trips, and why the last one was lost.
  bars({ latest }, reason, room) {
    if (reason === null) return [sparkline(latest.slice(-this.barWidth))]
    const text = shown(reason)
    const left = Math.min(this.barWidth, Math.max(LEAST_BARS, room - widthOf(text) - 1))
    const bars = sparkline(latest.slice(-left))
    return [`${bars} `, ['red', fit(text, room - widthOf(bars) - 1)]]
  }

  /** The rows in an order, at most `most` lines: of what is left out it says how much there is. */
  lines(targets, order, most = Infinity) {
    const isClipped = targets.length + 1 > most
    const sorted = [...targets].sort(ORDERS[order ?? (isClipped ? 'best' : 'given')])
    const shownOnes = isClipped ? sorted.slice(0, Math.max(1, most - 2)) : sorted
    const lines = [this.header(), ...shownOnes.map((target) => this.row(target))]
    if (!isClipped) return lines
    const rest = sorted.slice(shownOnes.length)
    const answering = rest.filter(({ roundTrips }) => roundTrips.received > 0).length
    const text = `and ${counted(rest.length, 'more', 'more')}, of which ${answering} answer`
    return [...lines, [['dim', fit(text, this.width)]]]
  }
}

module.exports = { PingTable, ORDERS }
