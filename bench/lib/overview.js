'use strict'

// The figures of the network at a glance: a row a network, a column a client.

const { number } = require('./report.js')

const CLIENTS = {
  ours: 'this package',
  original: 'version 1.2.0',
  'bittorrent-tracker': 'bittorrent-tracker 11'
}

// What the README shows of them, and which of their variants.
const FIRST_SCREEN = {
  'network-announces': /^10,000/,
  'network-scrapes': /^50 ms/,
  'network-one-by-one': /./
}

/** All of it as Markdown. */
function overview(figures) {
  return [
    'Time to the last answer (ours: median of the runs), or the share that was answered when it was cut, and the datagrams sent for each answer:',
    '',
    table(linesOf(figures, () => true, {}))
  ].join('\n')
}

/** The README's table: times and shares alone, of what matters most. */
function firstScreen(figures) {
  const chosen = Object.entries(figures).filter(([name]) => name in FIRST_SCREEN)
  const isShown = (variant, name) => FIRST_SCREEN[name].test(variant)
  return table(linesOf(Object.fromEntries(chosen), isShown, { each: null }))
}

function linesOf(figures, isShown, changes) {
  return Object.entries(figures).flatMap(([name, { rows, overview: by }]) => {
    const variants = [...new Set(rows.map(({ variant }) => variant))]
    return variants
      .filter((variant) => isShown(variant, name))
      .map((variant) => line(variant, rowsByKey(rows, variant), { ...by, ...changes }))
  })
}

function table(lines) {
  const head = `| | ${Object.values(CLIENTS).join(' | ')} |`
  return [head, '|---|---|---|---|', ...lines, ''].join('\n')
}

function rowsByKey(rows, variant) {
  const own = rows.filter((row) => row.variant === variant)
  return Object.fromEntries(own.map((row) => [row.key, row]))
}

function line(variant, rows, { what, key = 'last', unit = 's', each = 'sentEach' }) {
  const cells = Object.keys(CLIENTS).map((client) => cell(rows, client, { key, unit, each }))
  return `| ${[what, variant].filter(Boolean).join(', ')} | ${cells.join(' | ')} |`
}

function cell(rows, client, { key, unit, each }) {
  const of = (name) => rows[name] && rows[name].results[client]
  if (of('answered') === undefined) return ''
  const share = of('answered').median
  const time = of(key)
  const result =
    share < 100 || time.isCut
      ? `${number(Math.floor(share * 10) / 10, 1)} % answered`
      : `${number(time.median, rows[key].digits)} ${unit}`
  const sent = each === null ? undefined : of(each)
  return sent === undefined ? result : `${result}, ${number(sent.median, rows[each].digits)} each`
}

/** How long the requests of each variant took by client, as quantiles of the first run, for a chart. */
function distributions(results) {
  const byVariant = {}
  for (const [variant, byClient] of results) {
    const entries = Object.entries(byClient).filter(([, runs]) => runs[0] && runs[0].distribution)
    if (entries.length === 0) continue
    byVariant[variant] = Object.fromEntries(
      entries.map(([client, runs]) => [client, runs[0].distribution])
    )
  }
  return byVariant
}

module.exports = { distributions, firstScreen, overview }
