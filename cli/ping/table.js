// Round trips of several addresses side by side, as `mtr` has them.
'use strict'

const { GAP, fitting } = require('../output/columns.js')
const { column, widthOf } = require('../output/text-width.js')
const { shown } = require('../output/text.js')
const { fitName } = require('../input/tracker-url.js')

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

const number = (ms) => (ms === null ? '-' : ms >= 10_000 ? ms.toFixed(0) : ms.toFixed(1))

class PingTable {
  constructor(stdout, targets) {
    let longest = 'TRACKER'.length
    for (const { name } of targets) longest = Math.max(longest, widthOf(shown(name)))
    if (!stdout.isTerminal) {
      Object.assign(this, { columns: COLUMNS, nameWidth: longest, sparkline: SPARKLINE })
      return
    }
    const width = stdout.columns - 1
    const least = Math.min(longest, LEAST_NAME) + GAP.length + LEAST_SPARKLINE
    const { columns, width: taken } = fitting(COLUMNS, width - least)
    this.columns = columns
    this.nameWidth = Math.min(longest, width - taken - GAP.length - LEAST_SPARKLINE)
    this.sparkline = Math.min(SPARKLINE, width - taken - GAP.length - this.nameWidth)
  }

  header() {
    const names = this.columns.map(({ header, width }) => header.padStart(width))
    return [['bold', [column('TRACKER', this.nameWidth), ...names].join(GAP)]]
  }

  row({ name, roundTrips }) {
    const { sent, loss, last } = roundTrips
    const values = { sent: String(sent), loss: loss === null ? '-' : `${Math.round(100 * loss)}%` }
    for (const [field, ms] of Object.entries({ last, ...roundTrips.summary() }))
      values[field] = number(ms)
    const cells = this.columns.map(({ field, width }) => values[field].padStart(width))
    const style = loss === null || loss === 0 ? 'green' : loss === 1 ? 'red' : 'yellow'
    const lossAt = this.columns.findIndex(({ field }) => field === 'loss')
    return [
      [
        column(fitName(shown(name), this.nameWidth), this.nameWidth),
        ...cells.slice(0, lossAt),
        ''
      ].join(GAP),
      [style, cells[lossAt]],
      ['', ...cells.slice(lossAt + 1), roundTrips.sparkline(this.sparkline)].join(GAP)
    ]
  }

  lines(targets) {
    return [this.header(), ...targets.map((target) => this.row(target))]
  }
}

module.exports = PingTable
