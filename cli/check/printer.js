// Prints the results of `check`: in a table, as lines for programs, or as bare URLs; as they come, or sorted at the end.
//
// On a terminal it is the living that are to be seen when it has ended: where all of them would not fit, the dead are one
// line with their reasons, and with --all they come before the living.
'use strict'

const CheckTable = require('./table.js')
const { metricsOf } = require('./metrics.js')
const { CSV, csvOf } = require('./result.js')
const { csvLine, jsonLine } = require('../output/formats.js')
const { redacted, shortName } = require('../output/names.js')
const options = require('../options.js')
const { quoted } = require('../output/text.js')
const { STATUSES, INVALID, isAlive } = require('./statuses.js')
const UsageError = require('../usage-error.js')

// `works in part` is a status of a tracker, and not of a single result.
const RANKS = ['works', 'works in part', ...STATUSES.slice(1)]
// Header, empty lines, sums and the shell's own line.
const OTHER_LINES = 6

// The round trip of a tracker's fastest answer, Infinity without one.
function latencyOf(results) {
  return Math.min(...results.map(({ connectMs }) => connectMs ?? Infinity))
}

const SORTS = {
  latency: () => (a, b) => latencyOf(a) - latencyOf(b) || 0,
  name: () => (a, b) => (shortName(a[0].url) < shortName(b[0].url) ? -1 : 1),
  status: (tally) => {
    const rank = (results) => RANKS.indexOf(tally.statusOf(results))
    return (a, b) => rank(a) - rank(b) || SORTS.latency()(a, b)
  }
}

function statusesOf(text) {
  if (text === undefined) return null
  return text.split(',').map((word) => {
    const status = word.trim().replace('-', ' ')
    if (STATUSES.includes(status)) return status
    throw new UsageError(
      `--only must be of ${STATUSES.join(', ').replace(' scrape', '-scrape')}, got ${quoted(word)}`
    )
  })
}

const isLiving = (results) => results.some(({ status }) => isAlive(status) || status === INVALID)

class CheckPrinter {
  constructor({ stdout, values, trackers, tally }) {
    this.stdout = stdout
    this.tally = tally
    this.format = options.format(values)
    this.only = statusesOf(values.only)
    const sort = options.oneOf(values, 'sort', Object.keys(SORTS))
    this.order = SORTS[sort ?? 'latency'](tally)
    this.isQuiet = values.quiet === true
    this.isBare = this.only !== null && values.format === undefined && !values.json
    this.nameOf = options.isRedacted(values) ? redacted : (url) => url
    const isTable = this.format === 'table' && !this.isBare
    this.table = isTable
      ? new CheckTable(
          stdout,
          trackers.map(({ url }) => this.nameOf(url))
        )
      : null
    const isCrowded = isTable && stdout.isTerminal && trackers.length + OTHER_LINES > stdout.rows
    this.hidesDead = isCrowded && this.only === null && !values.all
    this.isDeadFirst =
      isTable && stdout.isTerminal && (isCrowded || sort === 'latency' || sort === 'status')
    this.isLate =
      sort !== undefined ||
      this.only !== null ||
      this.format === 'openmetrics' ||
      (isCrowded && Boolean(values.all))
    this.late = []
    this.hidden = 0
    this.matches = 0
    this.hasHeader = false
  }

  linesOf(results) {
    results = results.map((result) => ({ ...result, url: this.nameOf(result.url) }))
    if (this.isBare) return [results[0].url]
    if (this.format === 'json') return results.map(jsonLine)
    const lines = []
    if (!this.hasHeader) lines.push(this.table ? this.table.header() : csvLine(CSV))
    this.hasHeader = true
    for (const result of results) {
      lines.push(this.table ? this.table.row(result) : csvLine(csvOf(result)))
    }
    return lines
  }

  /** Takes in the results of one tracker. */
  add(results) {
    if (this.only !== null) results = results.filter(({ status }) => this.only.includes(status))
    if (results.length === 0) return undefined
    this.matches++
    if (this.hidesDead && !isLiving(results)) return void this.hidden++
    if (this.isLate) return void this.late.push(results)
    return this.isQuiet ? undefined : this.stdout.lines(this.linesOf(results))
  }

  sorted() {
    const all = this.late.sort(this.order)
    if (!this.isDeadFirst) return all
    return [...all.filter((one) => !isLiving(one)), ...all.filter(isLiving)]
  }

  /** Prints what is left, and what it comes to. */
  async end() {
    if (this.isQuiet) return
    if (this.format === 'openmetrics') {
      return this.stdout.lines(metricsOf(this.late.flat(), this.nameOf))
    }
    await this.stdout.lines(this.sorted().flatMap((results) => this.linesOf(results)))
    if (!this.table) return
    await this.stdout.line('')
    if (this.hidden > 0) {
      const them = this.hidden === 1 ? 'it' : 'them'
      await this.stdout.prose(`${this.tally.dead()}; --all shows ${them}`)
    }
    const records = this.tally.records()
    if (records !== '') await this.stdout.prose(`BEP 34: ${records}`)
    await this.stdout.prose(`${this.tally}; times in ms`)
    const width = this.stdout.isTerminal ? this.stdout.columns - 1 : Infinity
    await this.stdout.line(this.tally.verdict(width, this.nameOf))
  }
}

module.exports = CheckPrinter
