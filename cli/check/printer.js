// Prints the results of `check`: in a table, as lines for programs, or as bare URLs; as they come, or sorted at the end.
'use strict'

const CheckTable = require('./table.js')
const { csvLine, jsonLine, Metrics } = require('../output/formats.js')
const options = require('../options.js')
const { quoted } = require('../output/text.js')
const { STATUSES } = require('./statuses.js')
const { shortName } = require('../input/tracker-url.js')
const UsageError = require('../usage-error.js')

const CSV = [
  'url',
  'family',
  'address',
  'status',
  'reason',
  'lookupMs',
  'connectMs',
  'announceMs',
  'scrapeMs',
  'interval'
]

// `works in part` is a status of a tracker, and not of a single result.
const RANKS = ['works', 'works in part', ...STATUSES.slice(1)]

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

function metricsOf(all) {
  const metrics = new Metrics()
    .family('bittorrent_tracker_up', 'Whether the tracker answers, if only with an error.')
    .family('bittorrent_tracker_status', 'Whether this is what the check came to.')
    .family('bittorrent_tracker_step_seconds', 'How long each step took.')
    .family('bittorrent_tracker_interval_seconds', 'How long peers wait between announces.')
  const steps = {
    look_up: 'lookupMs',
    connect: 'connectMs',
    announce: 'announceMs',
    scrape: 'scrapeMs'
  }
  for (const result of all.flat()) {
    const { url, family } = result
    const labels = { url, family }
    if (result.status !== 'skipped') {
      metrics.add('bittorrent_tracker_up', labels, result.status === 'failed' ? 0 : 1)
    }
    for (const status of STATUSES) {
      metrics.add(
        'bittorrent_tracker_status',
        { ...labels, status },
        Number(status === result.status)
      )
    }
    if (result.interval !== null) {
      metrics.add('bittorrent_tracker_interval_seconds', labels, result.interval)
    }
    for (const [step, field] of Object.entries(steps)) {
      if (result[field] === null) continue
      metrics.add('bittorrent_tracker_step_seconds', { ...labels, step }, result[field] / 1000)
    }
  }
  return metrics.lines()
}

class CheckPrinter {
  constructor({ stdout, values, trackers, tally }) {
    this.stdout = stdout
    this.format = options.format(values)
    this.only = statusesOf(values.only)
    const sort = options.oneOf(values, 'sort', Object.keys(SORTS))
    const isLate = sort !== undefined || this.only !== null || this.format === 'openmetrics'
    this.late = isLate ? [] : null
    this.order = SORTS[sort ?? 'latency'](tally)
    this.isQuiet = values.quiet === true
    this.isBare = this.only !== null && this.format === 'table'
    this.matches = 0
    this.tally = tally
    if (this.format === 'table' && !this.isBare) {
      this.table = new CheckTable(stdout, trackers)
    }
    this.hasHeader = false
  }

  linesOf(results) {
    const lines = []
    if (this.isBare) return [results[0].url]
    if (this.format === 'json') return results.map(jsonLine)
    if (!this.hasHeader) lines.push(this.table ? this.table.header() : csvLine(CSV))
    this.hasHeader = true
    for (const result of results) {
      lines.push(this.table ? this.table.row(result) : csvLine(CSV.map((field) => result[field])))
    }
    return lines
  }

  /** Takes in the results of one tracker. */
  add(results) {
    if (this.only !== null) results = results.filter(({ status }) => this.only.includes(status))
    if (results.length === 0) return undefined
    this.matches++
    if (this.late !== null) return void this.late.push(results)
    return this.isQuiet ? undefined : this.stdout.lines(this.linesOf(results))
  }

  /** Prints what is left, and what it comes to. */
  async end() {
    if (this.isQuiet) return
    if (this.format === 'openmetrics') return this.stdout.lines(metricsOf(this.late))
    if (this.late !== null) {
      await this.stdout.lines(
        this.late.sort(this.order).flatMap((results) => this.linesOf(results))
      )
    }
    if (!this.table) return
    await this.stdout.line('')
    await this.stdout.prose(`${this.tally}; times in ms`)
  }
}

module.exports = CheckPrinter
