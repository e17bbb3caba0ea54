// The results of `check` for people: a row for each tracker and family.
'use strict'

const { GAP, fitting } = require('../output/columns.js')
const { widthOf, fit, column } = require('../output/text-width.js')
const { shown } = require('../output/text.js')
const { shortName, fitName } = require('../input/tracker-url.js')
const { WORKS, REFUSES, NO_SCRAPE, FAILED, SKIPPED } = require('./statuses.js')

const STYLES = {
  [WORKS]: 'green',
  [NO_SCRAPE]: 'yellow',
  [REFUSES]: 'yellow',
  [FAILED]: 'red',
  [SKIPPED]: 'dim'
}

const COLUMNS = [
  { field: 'family', header: 'IP', width: 2 },
  { field: 'lookupMs', header: 'LOOK-UP', width: 7, drop: 3 },
  { field: 'connectMs', header: 'CONNECT', width: 7 },
  { field: 'announceMs', header: 'ANNOUNCE', width: 8, drop: 1 },
  { field: 'scrapeMs', header: 'SCRAPE', width: 7, drop: 2 }
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
  constructor(stdout, trackers) {
    this.isTerminal = stdout.isTerminal
    let longest = 'TRACKER'.length
    for (const { url } of trackers) longest = Math.max(longest, widthOf(this.nameOf(url)))
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

  // A tracker without numbers has its reason in their place.
  row(result) {
    const { url, status, family } = result
    const hasEnd = status === WORKS || status === REFUSES || status === NO_SCRAPE
    const numbers = this.columns.filter(({ field }) => field !== 'family')
    const used = hasEnd
      ? numbers.length
      : numbers.findLastIndex(({ field }) => result[field] !== null) + 1
    const cells = numbers
      .slice(0, used)
      .map(({ field, width }) =>
        (result[field] === null ? '-' : result[field].toFixed(1)).padStart(width)
      )
    const free = numbers.slice(used).reduce((sum, { width }) => sum + GAP.length + width, 0)
    const start = [
      column(fitName(this.nameOf(url), this.nameWidth), this.nameWidth),
      family === null ? '  ' : `v${family}`,
      ...cells
    ].join(GAP)
    return [start + GAP, [STYLES[status], this.resultOf(result, this.resultWidth + free)]]
  }

  resultOf(result, width) {
    if (result.status === REFUSES && width < LEAST_WORDS) return fit('refuses', width)
    const texts = resultTexts(result).map(shown)
    return texts.find((text) => widthOf(text) <= width) ?? fit(texts[texts.length - 1], width)
  }
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
