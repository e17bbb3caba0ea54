// What is thrown for a mistake in the program: a TypeError or a RangeError with the code that Node.js has for it.
'use strict'

const withCode = (error, code) => Object.assign(error, { code })

/** For a value of a wrong type. */
const wrongType = (text) => withCode(new TypeError(text), 'ERR_INVALID_ARG_TYPE')

/** For a value of the right type that cannot be. */
const outOfRange = (text) => withCode(new RangeError(text), 'ERR_OUT_OF_RANGE')

/** Throws for an option of `opts` that is not among `known`, naming the nearest: a misspelt one must not pass for one left out. */
function refuseUnknown(opts, known, name) {
  for (const option of Object.keys(opts)) {
    if (known.has(option)) continue
    const nearest = nearestOf(option, known)
    const hint = nearest === undefined ? '' : `: did you mean ${nearest}?`
    const error = new TypeError(`${name}.${option} is unknown${hint}`)
    throw withCode(error, 'ERR_INVALID_ARG_VALUE')
  }
}

// The name that is the fewest letters away, if that is at most a third of them; capitals do not count.
function nearestOf(name, known) {
  const distances = [...known].map((other) => [
    distance(name.toLowerCase(), other.toLowerCase()),
    other
  ])
  const [least, nearest] = distances.sort(([a], [b]) => a - b)[0]
  return least <= Math.max(1, Math.floor(name.length / 3)) ? nearest : undefined
}

// Levenshtein's: how many letters have to be put in, left out or replaced.
function distance(from, to) {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1))
    }
    row = next
  }
  return row[to.length]
}

/** The type of a value, for a text. */
const kind = (value) => (value === null ? 'null' : typeof value)

// How much of a wrong argument its error shows.
const SHOWN = 100

/** A wrong argument for a text: whatever it is, this does not throw. */
function shown(value) {
  if (typeof value === 'object' || typeof value === 'function') return kind(value)
  const text = String(value)
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
}

module.exports = { kind, outOfRange, refuseUnknown, shown, wrongType }
