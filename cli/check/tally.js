// What the results of a check come to, tracker by tracker.
'use strict'

const { wordsOf } = require('./bep34.js')
const { STATUSES, SKIPPED, INVALID, FAILED, WORDS, isAlive } = require('./statuses.js')
const { fitName, shortName } = require('../output/names.js')
const { fit } = require('../output/text-width.js')
const { counted, grouped, shown } = require('../output/text.js')

// How the reasons of these begin, where a tracker has words of its own.
const MOST_REASONS = 6
// So many trackers are named that are in no record of their host.
const MOST_UNLISTED = 3

class Tally {
  constructor() {
    this.counts = new Map(Object.keys(WORDS).map((status) => [status, 0]))
    this.alive = 0
    this.asked = 0
    this.fastest = null
    // How often each reason of those that are not alive has come up.
    this.reasons = new Map()
    // How many trackers have a record of their host that lists them, and those whose record does not.
    this.listed = 0
    this.unlisted = []
  }

  /** The worst that it comes to over its families; `works in part` if it answers over one and fails over the other. */
  statusOf(results) {
    const found = STATUSES.filter((status) => results.some((result) => result.status === status))
    const asked = found.filter((status) => status !== SKIPPED)
    if (asked.length === 0) return SKIPPED
    return asked.includes(FAILED) && asked.length > 1 ? 'works in part' : asked[asked.length - 1]
  }

  add(results) {
    const status = this.statusOf(results)
    this.addRecord(results[0])
    this.counts.set(status, this.counts.get(status) + 1)
    if (status !== SKIPPED && status !== INVALID) this.asked++
    if (!results.some((result) => isAlive(result.status))) return this.addReason(results)
    this.alive++
    for (const { url, connectMs } of results) {
      if (connectMs !== null && !(connectMs >= this.fastest?.connectMs))
        this.fastest = { url, connectMs }
    }
  }

  addRecord({ url, bep34 }) {
    if (bep34?.listed) this.listed++
    else if (bep34)
      this.unlisted.push(`${shortName(url).replace(/[/?].*/s, '')} is not in ${wordsOf(bep34)}`)
  }

  /** `a.example:80 is not in UDP:6969; 2 trackers are listed`: what the records of hosts say (BEP 34); '' without any. */
  records() {
    const { listed, unlisted } = this
    const rest = unlisted.length - MOST_UNLISTED
    const parts = unlisted.slice(0, MOST_UNLISTED)
    if (rest > 0) parts.push(`nor are ${grouped(rest)} more in theirs`)
    if (listed > 0) parts.push(`${counted(listed, 'tracker is', 'trackers are')} listed`)
    return parts.join('; ')
  }

  // One for each tracker: of two families the first.
  addReason([{ reason }]) {
    this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1)
  }

  count(...statuses) {
    return statuses.reduce((sum, one) => sum + this.counts.get(one), 0)
  }

  /** Whether no UDP tracker failed, and there was one. */
  isGood(isStrict) {
    if (this.count(FAILED, 'works in part') > 0) return false
    const wanting = this.count('refuses', 'no scrape')
    return isStrict ? wanting === 0 && this.count('works') > 0 : wanting + this.count('works') > 0
  }

  /** `113 no answer, 9 no such host`: those that are not alive, the most frequent reasons first. */
  dead() {
    const all = [...this.reasons].sort((a, b) => b[1] - a[1])
    const shownOnes = all.slice(0, MOST_REASONS)
    const rest = all.slice(MOST_REASONS).reduce((sum, [, count]) => sum + count, 0)
    const texts = shownOnes.map(([reason, count]) => `${grouped(count)} ${fit(shown(reason), 40)}`)
    return [...texts, ...(rest > 0 ? [`${grouped(rest)} for other reasons`] : [])].join(', ')
  }

  /** `15 of 128 alive; fastest tracker.example:6969 12 ms`, in `width` columns. */
  verdict(width = Infinity, nameOf = (url) => url) {
    const start = `${grouped(this.alive)} of ${grouped(this.asked)} alive`
    if (this.fastest === null) return start
    const url = nameOf(this.fastest.url)
    const { connectMs } = this.fastest
    const time = `${connectMs < 9.95 ? connectMs.toFixed(1) : Math.round(connectMs)} ms`
    const room = width - `${start}; fastest  ${time}`.length
    if (url.length <= room) return `${start}; fastest ${shown(url)} ${time}`
    if (room < 8) return start
    return `${start}; fastest ${fit(fitName(shown(shortName(url)), room), room)} ${time}`
  }

  toString() {
    const found = Object.keys(WORDS).filter((status) => this.counts.get(status) > 0)
    const total = this.count(...found)
    const parts = found.map((status) => {
      const count = this.counts.get(status)
      return `${grouped(count)} ${WORDS[status][count === 1 ? 0 : 1]}`
    })
    return `${counted(total, 'tracker')}: ${parts.join(', ')}`
  }
}

module.exports = Tally
