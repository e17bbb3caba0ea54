// The runs of a figure as rows: for each variant and metric the median of every competitor, how many times better ours
// is, and whether the goal is reached. Printed as a table, kept as JSON.
'use strict'

const { summary } = require('./statistics.js')

const IMPLEMENTATIONS = ['ours', 'portable', 'original', 'bittorrent-tracker', 'native']

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
        if (numbers.length === 0) continue
        results[implementation] = summary(numbers)
        // Lower bounds of what took longer than it was given.
        const cut = measured.filter(({ cut = [] }) => cut.includes(metric.key))
        if (2 * cut.length >= measured.length) results[implementation].isCut = true
      }
      if (results.ours === undefined) continue
      const ratios = ratiosOf(metric, results)
      rows.push({
        variant: variant.title,
        key: metric.key,
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
  const { ours } = results
  for (const [implementation, { median }] of Object.entries(results)) {
    // Of a lower bound there is no saying.
    if (implementation === 'ours' || ours.isCut) continue
    const ratio = metric.better === 'higher' ? ours.median / median : median / ours.median
    if (Number.isFinite(ratio) && ratio > 0) ratios[implementation] = ratio
  }
  return ratios
}

// A goal is a limit for ours, the least it has to be, or how many times better than another it has to be.
function goalOf(metric, goal, results, ratios) {
  if (goal === undefined) return null
  const { median, isCut } = results.ours
  const parts = Object.entries(goal).map(([against, number]) => {
    if (against === 'limit') {
      return { text: `at most ${number}`, reached: !isCut && median <= number }
    }
    if (against === 'least') return { text: `at least ${number}`, reached: median >= number }
    return { text: `${number} × ${against}`, reached: ratios[against] >= number }
  })
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
  const { median, min, max, isCut } = result
  const all = [median, min, max].map((value) => number(value, digits))
  const bound = isCut ? '> ' : ''
  return all[1] === all[2] ? `${bound}${all[0]}` : `${bound}${all[0]} (${all[1]}–${all[2]})`
}

function ratioCell({ ratios, results }) {
  return Object.entries(ratios)
    .map(([name, ratio]) => {
      const bound = results[name].isCut ? 'over ' : ''
      return `${bound}${number(ratio, ratio < 10 ? 2 : 0)} × ${name}`
    })
    .join(', ')
}

/** The table of one figure, in Markdown. */
function table(figure, rows, notes) {
  const columns = IMPLEMENTATIONS.filter((name) => rows.some((row) => row.results[name]))
  const header = ['', ...columns, 'ours is better by', 'goal']
  const lines = rows.map((row) => [
    [row.variant, row.metric].filter(Boolean).join(': '),
    ...columns.map((name) => cell(row.results[name], row.digits)),
    ratioCell(row),
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

module.exports = { number, rowsOf, table }
