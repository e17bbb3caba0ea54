// What bittorrent-tracker tells with DEBUG=bittorrent-tracker:udp-tracker, as its package debug writes it where stderr is not a
// terminal. That package is not ours to require.
'use strict'

const { format } = require('node:util')

const NAMESPACE = 'bittorrent-tracker:udp-tracker'

/** Whether the patterns of DEBUG name the namespace: with `*` for anything, and a `-` before those that are left out. */
function isEnabled(patterns) {
  const words = patterns.split(/[\s,]+/).filter(Boolean)
  const names = (word) =>
    new RegExp(`^${word.replace(/[^\w*]/g, '\\$&').replaceAll('*', '.*')}$`).test(NAMESPACE)
  const left = words.filter((word) => word.startsWith('-')).map((word) => word.slice(1))
  return words.some(names) && !left.some(names)
}

const enabled = isEnabled(process.env.DEBUG || '')

/** Writes a line to stderr, if DEBUG asks for it. */
function debug(...words) {
  if (enabled)
    process.stderr.write(`${new Date().toISOString()} ${NAMESPACE} ${format(...words)}\n`)
}

module.exports = debug
