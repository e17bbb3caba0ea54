// What the results of a check come to, tracker by tracker.
'use strict'

const { STATUSES } = require('./statuses.js')
const { counted, grouped } = require('../output/text.js')

// What one tracker does, and several do.
const WORDS = {
  works: ['works', 'work'],
  'works in part': ['works in part', 'work in part'],
  'no scrape': ['does not scrape', 'do not scrape'],
  refuses: ['refuses', 'refuse'],
  failed: ['failed', 'failed'],
  skipped: ['skipped', 'skipped']
}

class Tally {
  constructor() {
    this.counts = new Map(Object.keys(WORDS).map((status) => [status, 0]))
  }

  /** The worst that it comes to over its families; `works in part` if it answers over one and fails over the other. */
  statusOf(results) {
    const found = STATUSES.filter((status) => results.some((result) => result.status === status))
    const asked = found.filter((status) => status !== 'skipped')
    if (asked.length === 0) return 'skipped'
    return asked.includes('failed') && asked.length > 1 ? 'works in part' : asked[asked.length - 1]
  }

  add(results) {
    const status = this.statusOf(results)
    this.counts.set(status, this.counts.get(status) + 1)
  }

  /** Whether no UDP tracker failed, and there was one. */
  isGood(isStrict) {
    const count = (...statuses) => statuses.reduce((sum, one) => sum + this.counts.get(one), 0)
    if (count('failed', 'works in part') > 0) return false
    const wanting = count('refuses', 'no scrape')
    return isStrict ? wanting === 0 && count('works') > 0 : wanting + count('works') > 0
  }

  toString() {
    const found = Object.keys(WORDS).filter((status) => this.counts.get(status) > 0)
    const total = found.reduce((sum, status) => sum + this.counts.get(status), 0)
    const parts = found.map((status) => {
      const count = this.counts.get(status)
      return `${grouped(count)} ${WORDS[status][count === 1 ? 0 : 1]}`
    })
    return `${counted(total, 'tracker')}: ${parts.join(', ')}`
  }
}

module.exports = Tally
