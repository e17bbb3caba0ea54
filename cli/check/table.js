// The results of `check` for people: a row for each tracker and family.
'use strict'

const { bar } = require('../output/bars.js')
const { GAP, fitting } = require('../output/columns.js')
const { fitName, shortName } = require('../output/names.js')
const { widthOf, fit, column } = require('../output/text-width.js')
const { shown } = require('../output/text.js')
const { remarkOf } = require('./bep34.js')
const { WORKS, REFUSES, NO_SCRAPE, STYLES, isAlive } = require('./statuses.js')

const COLUMNS = [
  { field: 'family', header: 'IP', width: 2 },
  { field: 'lookupMs', header: 'LOOK-UP', width: 7, drop: 4 },
  { field: 'connectMs', header: 'CONNECT', width: 7 },
  { field: 'bar', header: '', width: 8, drop: 1 },
  { field: 'announceMs', header: 'ANNOUNCE', width: 8, drop: 2 },
  { field: 'scrapeMs', header: 'SCRAPE', width: 7, drop: 3 }
]

// What names and results need at least, on terminals of so many columns.
const LEAST = [
  { from: 80, name: 24, result: 20 },
  { from: 50, name: 18, result: 18 },
  { from: 0, name: 13, result: 10 }
]
// A refusal in less than this has no words.
const LEAST_WORDS = 14

class CheckTable {
  constructor(stdout, urls) {
    this.isTerminal = stdout.isTerminal
    let longest = 'TRACKER'.length
    for (const url of urls) longest = Math.max(longest, widthOf(this.nameOf(url)))
    if (this.isTerminal) this.fitTo(stdout.columns - 1, longest)
    else Object.assign(this, { columns: COLUMNS, nameWidth: longest, resultWidth: Infinity })
  }

  nameOf(url) {
    return shown(this.isTerminal ? shortName(url) : url)
  }

  fitTo(width, longest) {
    const least = LEAST.find(({ from }) => width + 1 >= from)
    const needed = Math.min(longest, least.name) + GAP.length + least.result
    const { columns, width: taken } = fitting(COLUMNS, width - needed)
    const room = width - taken - GAP.length
    this.columns = columns
    this.nameWidth = Math.min(longest, room - least.result)
    this.resultWidth = room - this.nameWidth
  }

  header() {
    const names = this.columns.map(({ header, width, field }) =>
      field === 'family' ? header.padEnd(width) : header.padStart(width)
    )
    return [['bold', [column('TRACKER', this.nameWidth), ...names, 'RESULT'].join(GAP)]]
  }

  cell({ field, width }, result) {
    if (field === 'bar') return column(bar(result.connectMs, width), width)
    return (result[field] === null ? '-' : result[field].toFixed(1)).padStart(width)
  }

  // A tracker without numbers has its reason in their place.
  row(result) {
    const { url, status, family } = result
    const cells = this.columns.slice(1)
    const used = isAlive(status)
      ? cells.length
      : cells.findLastIndex(({ field }) => (result[field] ?? null) !== null) + 1
    const free = cells.slice(used).reduce((sum, { width }) => sum + GAP.length + width, 0)
    const start = [
      column(fitName(this.nameOf(url), this.nameWidth), this.nameWidth),
      family === null ? '  ' : `v${family}`,
      ...cells.slice(0, used).map((one) => this.cell(one, result))
    ].join(GAP)
    return [start + GAP, [STYLES[status], this.resultOf(result, this.resultWidth + free)]]
  }

  resultOf(result, width) {
    if (result.status === REFUSES && width < LEAST_WORDS) return fit('refuses', width)
    const texts = withRecord(resultTexts(result), result.bep34).map(shown)
    return texts.find((text) => widthOf(text) <= width) ?? fit(texts[texts.length - 1], width)
  }
}

// Where there is a record, the longest of them has what it says behind it.
function withRecord(texts, record) {
  return record ? [`${texts[0]}; ${remarkOf(record)}`, ...texts] : texts
}

// From the longest to the shortest.
function resultTexts({ status, reason, error }) {
  switch (status) {
    case WORKS:
      return ['works']
    case NO_SCRAPE:
      return reason === null ? ['no scrape'] : [`no scrape: ${reason}`, 'no scrape']
    case REFUSES:
      return error.code === 'BAD_RESPONSE'
        ? [reason, 'refuses this torrent']
        : [`refuses: ${reason}`]
    default:
      return [reason]
  }
}

module.exports = CheckTable
