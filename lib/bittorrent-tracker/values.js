// Turns the options of bittorrent-tracker's methods into what goes on the wire. It never checked them: a number may be a
// string, have a fraction, or be missing.
'use strict'

const check = require('../options/arguments.js')

const DEFAULT_NUM_WANT = 50
const MOST_WANTED = 2 ** 31 - 1
const MOST = 2n ** 64n - 1n

const isMissing = (value) => value === undefined || value === null || value === ''

/** A byte counter, a whole number from 0 to 2^64 − 1; `otherwise` if `value` is not a number, or below 0. */
function counter(value, otherwise) {
  if (isMissing(value)) return otherwise
  if (typeof value === 'string' && /^\d+$/.test(value)) value = BigInt(value)
  if (typeof value !== 'bigint') {
    const whole = Math.trunc(Number(value))
    if (Number.isSafeInteger(whole)) return whole < 0 ? otherwise : whole
    if (!Number.isFinite(whole)) return otherwise
    value = BigInt(whole)
  }
  if (value < 0n) return otherwise
  return value > MOST ? MOST : value
}

/** The counters of an announce. `left` is `null` if it is not known, as of a magnet link; 0 would be a seed. */
function counters({ downloaded, left, uploaded }) {
  return {
    downloaded: counter(downloaded, 0),
    left: counter(left, null),
    uploaded: counter(uploaded, 0)
  }
}

/** How many peers are wanted; −1 leaves it to the tracker. */
function numWant(value) {
  const whole = isMissing(value) ? NaN : Math.trunc(Number(value))
  return Number.isNaN(whole) ? DEFAULT_NUM_WANT : Math.min(Math.max(whole, -1), MOST_WANTED)
}

/** The number of an event, given as its word; 0, "none", for anything else. */
function event(word) {
  const number = /^[a-z]+$/.test(word) ? check.EVENTS[word] : undefined
  return number === undefined ? 0 : number
}

/** A list of info-hashes from one, several, or none; `own` if there is none. */
function infoHashes(given, own) {
  const list = Array.isArray(given) ? given : isMissing(given) ? [] : [given]
  return list.length > 0 ? list : [own]
}

/** How `scrape` events name an info-hash: as it was given, or in hex if that was bytes. */
function label(infoHash) {
  return typeof infoHash === 'string' ? infoHash : Buffer.from(infoHash).toString('hex')
}

module.exports = { DEFAULT_NUM_WANT, counters, event, infoHashes, label, numWant }
