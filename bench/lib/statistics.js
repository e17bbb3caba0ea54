// Medians and percentiles of a handful of numbers.
'use strict'

const ascending = (a, b) => a - b

/** The value below which `share` (0 to 1) of `numbers` lie. */
function percentile(numbers, share) {
  if (numbers.length === 0) return NaN
  const sorted = [...numbers].sort(ascending)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

function median(numbers) {
  if (numbers.length === 0) return NaN
  const sorted = [...numbers].sort(ascending)
  const half = sorted.length >> 1
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/** What is kept of the runs of one figure. */
function summary(runs) {
  return { median: median(runs), min: Math.min(...runs), max: Math.max(...runs), runs }
}

module.exports = { median, percentile, summary }
