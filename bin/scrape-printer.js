'use strict'

// Prints what scrapes bring: as it comes in, or all of it at the end where it is to be sorted, or grouped by tracker.

const { csvLine, jsonLine, Metrics } = require('./formats.js')
const ScrapeTable = require('./scrape-table.js')
const { counted, duration, grouped } = require('./text.js')
const { shortName } = require('./tracker-url.js')

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

  // The places of what came in, the largest of a field first if one is named.
  order(field) {
    const places = new Uint32Array(this.has.reduce((count, has) => count + has, 0))
    let count = 0
    this.has.forEach((has, index) => has && (places[count++] = index))
    if (field === undefined) return places
    const offset = FIELDS.indexOf(field)
    return places.sort(
      (a, b) => this.numbers[3 * b + offset] - this.numbers[3 * a + offset] || a - b
    )
  }
}

class ScrapePrinter {
  constructor({ stdout, format, sort, jobs }) {
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

  /** Rows of a job, by its place, from the `first` of its info-hashes on; `undefined` for what is missing. */
  add(place, first, rows) {
    if (this.hasEnded) return undefined
    const { list } = this.jobs[place]
    const lines = []
    rows.forEach((row, i) => {
      if (row === undefined || row === null) return
      this.totals.count++
      for (const field of FIELDS) this.totals[field] += row[field]
      if (this.kept !== null) this.kept[place].set(first + i, row)
      else lines.push(this.lineOf(place, row, list.nameAt(first + i)))
    })
    return lines.length === 0 ? undefined : this.stdout.lines([...this.header(place), ...lines])
  }

  header(place) {
    if (this.format === 'csv' && !this.hasHeader) {
      this.hasHeader = true
      return [csvLine(['url', 'infoHash', 'seeds', 'leechers', 'completed', 'from'])]
    }
    if (this.table === null || (this.hasHeader && !this.isGrouped)) return []
    const lines = this.isGrouped
      ? [...(this.hasHeader ? [''] : []), [['bold', this.nameOf(place)]]]
      : []
    this.hasHeader = true
    return [...lines, this.table.header()]
  }

  nameOf(place) {
    const { url } = this.jobs[place].tracker
    return this.stdout.isTerminal ? shortName(url) : url
  }

  lineOf(place, row, from) {
    const { url } = this.jobs[place].tracker
    if (this.table) return this.table.row(row, from)
    if (this.format === 'csv') {
      return csvLine([url, row.infoHash, row.seeds, row.leechers, row.completed, from])
    }
    return jsonLine({
      ...(this.isGrouped ? { url } : {}),
      ...row,
      ...(from === null ? {} : { from })
    })
  }

  /** Prints what was kept of a job that has ended, one after the other. */
  endOf(place) {
    this.printing = this.printing.then(() => this.printKept(place))
    return this.printing
  }

  async printKept(place) {
    if (this.kept === null || this.format === 'openmetrics' || this.ended.has(place)) return
    this.ended.add(place)
    const { list } = this.jobs[place]
    const places = this.kept[place].order(this.sort)
    if (places.length === 0) return
    const header = this.header(place)
    for (let first = 0; first < places.length; first += LINES_AT_ONCE) {
      const lines = Array.from(places.subarray(first, first + LINES_AT_ONCE), (index) => {
        return this.lineOf(
          place,
          this.kept[place].row(index, list.hexAt(index)),
          list.nameAt(index)
        )
      })
      await this.stdout.lines(first === 0 ? [...header, ...lines] : lines)
    }
  }

  /** Prints what is still kept, and what it comes to. */
  async end() {
    if (this.hasEnded) return
    for (let place = 0; place < this.jobs.length; place++) await this.endOf(place)
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
    this.jobs.forEach(({ tracker, list }, place) => {
      for (const index of this.kept[place].order()) {
        const row = this.kept[place].row(index, list.hexAt(index))
        const labels = { url: tracker.url, info_hash: row.infoHash }
        for (const field of FIELDS) metrics.add(`bittorrent_torrent_${field}`, labels, row[field])
      }
    })
    return metrics.lines()
  }
}

module.exports = ScrapePrinter
