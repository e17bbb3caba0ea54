// The figures of the network at a glance: a row a network, a column a client.
'use strict'

const { number } = require('./report.js')

const CLIENTS = {
  ours: 'this package',
  original: 'version 1.2.0',
  'bittorrent-tracker': 'bittorrent-tracker 11'
}

// What the README shows of them: the announces of one tick, by what the network loses.
const FIRST_SCREEN = /^10,000 announces, 50 ms, (.+)$/

/** All of it as Markdown. */
function overview(figures) {
  return [
    'Time to the last answer (ours: median of the runs), or the share that was answered when it was cut, and the datagrams sent for each answer:',
    '',
    table(linesOf(figures))
  ].join('\n')
}

/** The README's table, with one measure a column. */
function firstScreen({ 'network-announces': { rows } }) {
  const variants = [...new Set(rows.map(({ variant }) => variant))].filter((variant) =>
    FIRST_SCREEN.test(variant)
  )
  const lines = variants.map((variant) => {
    const { last, answered } = rowsByKey(rows, variant)
    const shares = Object.keys(CLIENTS).map((client) => percent(answered.results[client].median))
    const seconds = `${number(last.results.ours.median, last.digits)} s`
    return `| ${[FIRST_SCREEN.exec(variant)[1], ...shares, seconds].join(' | ')} |`
  })
  const heads = Object.values(CLIENTS).map((name) => `${name}: answered within 10 s`)
  return [
    `| | ${heads.join(' | ')} | ${CLIENTS.ours}: last answer |`,
    '| --- | --- | --- | --- | --- |',
    ...lines,
    ''
  ].join('\n')
}

// Rounded down: 100 % is all of them.
const percent = (share) => `${Number((Math.floor(share * 10) / 10).toFixed(1))} %`

function linesOf(figures) {
  return Object.values(figures).flatMap(({ rows, overview: by }) => {
    const variants = [...new Set(rows.map(({ variant }) => variant))]
    return variants.map((variant) => line(variant, rowsByKey(rows, variant), by))
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
