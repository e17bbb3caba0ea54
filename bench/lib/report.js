'use strict'

// The runs of a figure as rows: for each variant and metric the median of every competitor, how many times better ours
// is, and whether the goal is reached. Printed as a table, kept as JSON.

const { summary } = require('./statistics.js')

const IMPLEMENTATIONS = ['ours', 'original', 'bittorrent-tracker', 'native']

/**
 * `runs` holds for each variant's title and implementation what `measure` returned each time. A ratio says how many
 * times better ours is: above 1 it is the better one.
 */
function rowsOf(figure, runs) {
  const rows = []
  for (const variant of figure.variants) {
    const byImplementation = runs.get(variant.title)
    if (byImplementation === undefined) continue
    for (const metric of figure.metrics) {
      const results = {}
      for (const [implementation, measured] of Object.entries(byImplementation)) {
        const numbers = measured.map((run) => run[metric.key]).filter(Number.isFinite)
        if (numbers.length > 0) results[implementation] = summary(numbers)
      }
      if (results.ours === undefined) continue
      const ratios = ratiosOf(metric, results)
      rows.push({
        variant: variant.title,
        metric: metric.title,
        digits: metric.digits,
        results,
        ratios,
        goal: goalOf(metric, (variant.goals || {})[metric.key], results, ratios)
      })
    }
  }
  return rows
}

function ratiosOf(metric, results) {
  const ratios = {}
  if (metric.better === undefined) return ratios
  for (const [implementation, { median }] of Object.entries(results)) {
    if (implementation === 'ours') continue
    const ratio =
      metric.better === 'higher' ? results.ours.median / median : median / results.ours.median
    if (Number.isFinite(ratio) && ratio > 0) ratios[implementation] = ratio
  }
  return ratios
}

// A goal is a limit for ours, or how many times better than another it has to be.
function goalOf(metric, goal, results, ratios) {
  if (goal === undefined) return null
  const parts = Object.entries(goal).map(([against, number]) =>
    against === 'limit'
      ? { text: `at most ${number}`, reached: results.ours.median <= number }
      : { text: `${number} × ${against}`, reached: ratios[against] >= number }
  )
  return {
    text: parts.map(({ text, reached }) => `${text}: ${reached ? 'yes' : 'NO'}`).join(', '),
    reached: parts.every(({ reached }) => reached)
  }
}

function number(value, digits) {
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits
  })
}

function cell(result, digits) {
  if (result === undefined) return ''
  const { median, min, max } = result
  const all = [median, min, max].map((value) => number(value, digits))
  return all[1] === all[2] ? all[0] : `${all[0]} (${all[1]}–${all[2]})`
}

function ratioCell(ratios) {
  return Object.entries(ratios)
    .map(([name, ratio]) => `${number(ratio, ratio < 10 ? 2 : 0)} × ${name}`)
    .join(', ')
}

/** The table of one figure, in Markdown. */
function table(figure, rows, notes) {
  const columns = IMPLEMENTATIONS.filter((name) => rows.some((row) => row.results[name]))
  const header = ['', ...columns, 'ours is better by', 'goal']
  const lines = rows.map((row) => [
    [row.variant, row.metric].filter(Boolean).join(': '),
    ...columns.map((name) => cell(row.results[name], row.digits)),
    ratioCell(row.ratios),
    row.goal === null ? '' : row.goal.text
  ])
  const widths = header.map((title, i) =>
    Math.max(title.length, ...lines.map((line) => line[i].length))
  )
  const format = (line) => `| ${line.map((text, i) => text.padEnd(widths[i])).join(' | ')} |`
  const remarks = notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [
    `## ${figure.title}`,
    '',
    format(header),
    rule,
    ...lines.map(format),
    ...remarks,
    ''
  ].join('\n')
}

module.exports = { rowsOf, table }
