// Prints what scrapes bring: as it comes in, or all of it at the end where it is to be sorted, or grouped by tracker.
'use strict'

const { csvLine, jsonLine, Metrics } = require('../output/formats.js')
const ScrapeTable = require('./table.js')
const { counted, duration, grouped } = require('../output/text.js')
const { shortName } = require('../output/names.js')

const FIELDS = ['seeds', 'completed', 'leechers']
const LINES_AT_ONCE = 1000

// The numbers of a tracker's torrents in 13 bytes each.
class Kept {
  constructor(length) {
    this.numbers = new Uint32Array(3 * length)
    this.has = new Uint8Array(length)
  }

  set(index, row) {
    this.has[index] = 1
    FIELDS.forEach((field, i) => (this.numbers[3 * index + i] = row[field]))
  }

  row(index, infoHash) {
    const [seeds, completed, leechers] = this.numbers.subarray(3 * index, 3 * index + 3)
    return { infoHash, seeds, completed, leechers }
  }

  // The indexes of what came in, the largest of a field first if one is named.
  order(field) {
    const indexes = new Uint32Array(this.has.reduce((count, has) => count + has, 0))
    let count = 0
    this.has.forEach((has, index) => has && (indexes[count++] = index))
    if (field === undefined) return indexes
    const offset = FIELDS.indexOf(field)
    return indexes.sort(
      (a, b) => this.numbers[3 * b + offset] - this.numbers[3 * a + offset] || a - b
    )
  }
}

class ScrapePrinter {
  constructor({ stdout, format, sort, jobs, nameOf }) {
    this.nameOf = nameOf
    this.stdout = stdout
    this.format = format
    this.sort = sort
    this.jobs = jobs
    this.isGrouped = jobs.length > 1
    const isLate = sort !== undefined || this.isGrouped || format === 'openmetrics'
    this.kept = isLate ? jobs.map(({ list }) => new Kept(list.length)) : null
    this.table = null
    if (format === 'table') {
      this.table = new ScrapeTable(
        stdout,
        jobs.some(({ list }) => list.names.size > 0)
      )
    }
    this.hasHeader = false
    this.ended = new Set()
    this.printing = Promise.resolve()
    this.hasEnded = false
    this.totals = { count: 0, seeds: 0, completed: 0, leechers: 0 }
    this.began = performance.now()
  }

  /** Rows of a job, by its index, and the place of each in its list. */
  add(jobIndex, rows, places) {
    if (this.hasEnded) return undefined
    const { list } = this.jobs[jobIndex]
    const lines = []
    rows.forEach((row, i) => {
      this.totals.count++
      for (const field of FIELDS) this.totals[field] += row[field]
      if (this.kept !== null) this.kept[jobIndex].set(places[i], row)
      else lines.push(this.lineOf(jobIndex, row, list.nameAt(places[i])))
    })
    return lines.length === 0 ? undefined : this.stdout.lines([...this.header(jobIndex), ...lines])
  }

  header(jobIndex) {
    if (this.format === 'csv' && !this.hasHeader) {
      this.hasHeader = true
      return [csvLine(['url', 'infoHash', 'seeds', 'leechers', 'completed', 'from'])]
    }
    if (this.table === null || (this.hasHeader && !this.isGrouped)) return []
    const lines = this.isGrouped
      ? [...(this.hasHeader ? [''] : []), [['bold', this.titleOf(jobIndex)]]]
      : []
    this.hasHeader = true
    return [...lines, this.table.header()]
  }

  urlOf(jobIndex) {
    return this.nameOf(this.jobs[jobIndex].tracker.url)
  }

  titleOf(jobIndex) {
    const url = this.urlOf(jobIndex)
    return this.stdout.isTerminal ? shortName(url) : url
  }

  lineOf(jobIndex, row, from) {
    const url = this.urlOf(jobIndex)
    if (this.table) return this.table.row(row, from)
    if (this.format === 'csv') {
      return csvLine([url, row.infoHash, row.seeds, row.leechers, row.completed, from])
    }
    return jsonLine({
      type: 'torrent',
      url,
      ...row,
      ...(from === null ? {} : { from })
    })
  }

  /** Prints what was kept of a job that has ended, one after the other. */
  endOf(jobIndex) {
    this.printing = this.printing.then(() => this.printKept(jobIndex))
    return this.printing
  }

  async printKept(jobIndex) {
    if (this.kept === null || this.format === 'openmetrics' || this.ended.has(jobIndex)) return
    this.ended.add(jobIndex)
    const { list } = this.jobs[jobIndex]
    const indexes = this.kept[jobIndex].order(this.sort)
    if (indexes.length === 0) return
    const header = this.header(jobIndex)
    for (let first = 0; first < indexes.length; first += LINES_AT_ONCE) {
      const lines = Array.from(indexes.subarray(first, first + LINES_AT_ONCE), (index) => {
        return this.lineOf(
          jobIndex,
          this.kept[jobIndex].row(index, list.hexAt(index)),
          list.nameAt(index)
        )
      })
      await this.stdout.lines(first === 0 ? [...header, ...lines] : lines)
    }
  }

  /** Prints what is still kept, and what it comes to. */
  async end() {
    if (this.hasEnded) return
    for (let jobIndex = 0; jobIndex < this.jobs.length; jobIndex++) await this.endOf(jobIndex)
    this.hasEnded = true
    if (this.format === 'openmetrics') return this.stdout.lines(this.metrics())
    const { count, seeds, leechers, completed } = this.totals
    if (!this.table || count < 2) return
    const numbers = [
      counted(seeds, 'seed'),
      counted(leechers, 'leecher'),
      `${grouped(completed)} completed`
    ]
    const time = duration(performance.now() - this.began)
    await this.stdout.line('')
    await this.stdout.prose(`${counted(count, 'torrent')} in ${time}: ${numbers.join(', ')}`)
  }

  metrics() {
    const metrics = new Metrics()
      .family('bittorrent_torrent_seeds', 'Peers that have the whole torrent.')
      .family('bittorrent_torrent_leechers', 'Peers that download the torrent.')
      .family('bittorrent_torrent_completed', 'How often the torrent was downloaded to the end.')
    this.jobs.forEach(({ list }, jobIndex) => {
      for (const index of this.kept[jobIndex].order()) {
        const row = this.kept[jobIndex].row(index, list.hexAt(index))
        const labels = { url: this.urlOf(jobIndex), info_hash: row.infoHash }
        for (const field of FIELDS) metrics.add(`bittorrent_torrent_${field}`, labels, row[field])
      }
    })
    return metrics.lines()
  }
}

module.exports = ScrapePrinter
