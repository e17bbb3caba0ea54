// The results of `scrape` for people.
'use strict'

const { GAP, fitting } = require('../output/columns.js')
const { column, fit, widthOf } = require('../output/text-width.js')
const { grouped, shown } = require('../output/text.js')

const HASH_WIDTH = 40
// What is left of a hash beside a name, and of a name beside a hash.
const LEAST_HASH = 9
const LEAST_NAME = 7
// A name that is cut to less has the digits of the hash.
const GOOD_NAME = 20

const NUMBERS = [
  { field: 'seeds', header: 'SEEDS', width: 9 },
  { field: 'leechers', header: 'LEECHERS', width: 9 },
  { field: 'completed', header: 'COMPLETED', width: 11, drop: 1 }
]

class ScrapeTable {
  constructor(stdout, hasNames) {
    this.hasNames = hasNames
    this.isTerminal = stdout.isTerminal
    const width = stdout.isTerminal ? stdout.columns - 1 : Infinity
    const least = hasNames ? LEAST_HASH + GAP.length + LEAST_NAME : LEAST_HASH
    const { columns, width: taken } = fitting(NUMBERS, width - least)
    this.columns = columns
    const room = width - taken
    // A name says more than digits do.
    const isTight = hasNames && room < HASH_WIDTH + GAP.length + GOOD_NAME
    this.hashWidth = isTight ? LEAST_HASH : Math.min(HASH_WIDTH, room)
    this.nameWidth = room - this.hashWidth - GAP.length
  }

  header() {
    const numbers = this.columns.map(({ header, width }) => header.padStart(width))
    const line = [column('INFO-HASH', this.hashWidth), ...numbers].join(GAP)
    return [['bold', this.hasNames ? `${line}${GAP}FROM` : line]]
  }

  row(row, name) {
    const numbers = this.columns.map(({ field, width }) => grouped(row[field]).padStart(width))
    // Numbers that are larger than any tracker's take the room of the hash, where there is no more.
    const excess = !this.isTerminal
      ? 0
      : numbers.reduce((sum, text, i) => sum + text.length - this.columns[i].width, 0)
    const line = [column(row.infoHash, Math.max(1, this.hashWidth - excess)), ...numbers].join(GAP)
    if (name === null) return line
    const text = shown(name)
    return line + GAP + (widthOf(text) <= this.nameWidth ? text : fit(text, this.nameWidth))
  }
}

module.exports = ScrapeTable
