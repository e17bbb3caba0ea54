// Round trips as bars, all on one scale, so that rows, screens and days can be compared: from 1 ms to 1 s, each ten times as
// much a third longer. What is a tenth of a row's largest or ten times another's looks so wherever it stands.
'use strict'

const LEVELS = '▁▂▃▄▅▆▇█'
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
const LONGEST_MS = 1000
const LOST = '×'

/** From 0 to 1. */
const share = (ms) => Math.min(1, Math.max(0, Math.log10(Math.max(1, ms)) / Math.log10(LONGEST_MS)))

/** A bar of at most `width` columns, an eighth of one at least; nothing for `null`. */
function bar(ms, width) {
  if (ms === null) return ''
  const eighths = Math.max(1, Math.round(8 * width * share(ms)))
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]
}

/** A letter each, `null` being lost. */
function sparkline(all) {
  return all
    .map((ms) => (ms === null ? LOST : LEVELS[Math.min(7, Math.floor(8 * share(ms)))]))
    .join('')
}

const SCALE = '1 ms to 1 s'

module.exports = { bar, sparkline, share, SCALE }
