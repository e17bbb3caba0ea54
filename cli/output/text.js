// Texts for people: what others wrote made harmless, numbers and times as one reads them.
'use strict'

// Control characters would reach the terminal as commands, the others reorder or break what is read there.
const UNSAFE = /[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029]/gu

const hexOf = (character, digits) => character.charCodeAt(0).toString(16).padStart(digits, '0')

/** A text from a tracker, a file or an argument with its control characters spelled out. */
function shown(text) {
  return String(text).replace(UNSAFE, (character) =>
    character <= '\xff' ? `\\x${hexOf(character, 2)}` : `\\u${hexOf(character, 4)}`
  )
}

/** JSON that is harmless on a terminal as well; JSON.stringify alone escapes only some of these. */
function json(value) {
  return JSON.stringify(value).replace(UNSAFE, (character) => `\\u${hexOf(character, 4)}`)
}

/** An argument in an error message: quoted, and not longer than one wants to read. */
function quoted(text) {
  const characters = [...text.slice(0, 202)]
  return `"${characters.length > 100 ? `${characters.slice(0, 100).join('')}…` : text}"`
}

/** 1234567 -> 1,234,567 */
function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** 1 info-hash, 2 info-hashes */
function counted(number, one, many = `${one}s`) {
  return `${grouped(number)} ${number === 1 ? one : many}`
}

/** Milliseconds as `0.6 s`, `12 s` or `3 min 20 s`. */
function duration(ms) {
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${seconds} s`
  return `${grouped(Math.floor(seconds / 60))} min ${seconds % 60} s`
}

module.exports = { shown, json, quoted, grouped, counted, duration }
