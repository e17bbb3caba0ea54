'use strict'

// Texts for people: what others wrote made harmless, numbers and sizes as one reads them.

// Control characters would reach the terminal as commands, the others reorder or break what is read there.
const UNSAFE = /[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029]/gu

/** A text from a tracker, a file or an argument with its control characters spelled out. */
function shown(text) {
  return String(text).replace(UNSAFE, (character) => {
    const hex = character.charCodeAt(0).toString(16)
    return hex.length > 2 ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`
  })
}

/** JSON in one line that is harmless on a terminal as well; JSON.stringify alone escapes only some of these. */
function jsonLine(value) {
  const text = JSON.stringify(value).replace(UNSAFE, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  return `${text}\n`
}

/** An argument in an error message: quoted, harmless, and not longer than one wants to read. */
function quoted(text) {
  const short = text.length > 100 ? `${text.slice(0, 100)}…` : text
  return `"${shown(short)}"`
}

/** 1234567 -> 1,234,567 */
function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** 1 info-hash, 2 info-hashes */
function counted(number, one, many = `${one}s`) {
  return `${grouped(number)} ${number === 1 ? one : many}`
}

/** What a failed request is called: the tracker's own words, or the package's where those suit a person. */
function failureText(err, timeoutMs) {
  if (err.code === 'TIMEOUT') return `no answer within ${timeoutMs / 1000} s`
  return shown(err.message)
}

module.exports = { shown, jsonLine, quoted, grouped, counted, failureText }
