// `check --html FILE`: the results as one page for everybody who publishes a list. It fetches nothing and runs nothing,
// which its policy holds as well, and what a tracker says is text in it.
'use strict'

const fs = require('node:fs')
const { share, SCALE } = require('../output/bars.js')
const { redacted } = require('../output/names.js')
const { grouped, shown } = require('../output/text.js')
const { remarkOf } = require('./bep34.js')
const { STATUSES, WORDS, isAlive } = require('./statuses.js')
const UsageError = require('../usage-error.js')

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const html = (text) => shown(text).replace(/[&<>"']/g, (character) => ENTITIES[character])

const COLOURS = {
  works: 'good',
  'works in part': 'fair',
  'no scrape': 'fair',
  refuses: 'fair',
  failed: 'bad',
  skipped: 'none',
  invalid: 'bad'
}

const STYLE = `
:root { color-scheme: light dark; --text: #1c2024; --soft: #60646c; --line: #dcdfe4; --page: #fff;
  --good: #1a7f4b; --fair: #9a6700; --bad: #c62a2f; --none: #80838d; --bar: #3b6fd4; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --soft: #a3a8b0; --line: #33373d; --page: #15171a;
  --good: #4cc38a; --fair: #e2b53f; --bad: #ff6369; --none: #8b8f97; --bar: #7aa2f7; } }
body { margin: 2rem auto; max-width: 68rem; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif;
  color: var(--text); background: var(--page); }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); } svg { display: block; max-width: 100%; } .chart { height: auto; }
table { border-collapse: collapse; width: 100%; } .wide { overflow-x: auto; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: middle; }
th { font-weight: 600; white-space: nowrap; } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td.url { overflow-wrap: anywhere; min-width: 16rem; } td.bar svg { max-width: none; }
.good { color: var(--good); fill: var(--good); } .fair { color: var(--fair); fill: var(--fair); }
.bad { color: var(--bad); fill: var(--bad); } .none { color: var(--none); fill: var(--none); }
.time { fill: var(--bar); } .key { display: inline-block; margin-right: 1.2rem; }
.key svg { display: inline-block; vertical-align: -1px; margin-right: .35rem; } text { fill: var(--soft); font-size: 11px; }
`

const LIVING = ['Tracker', 'IP', 'Look-up', 'Connect', '', 'Announce', 'Scrape', 'Result']
const OTHERS = ['Tracker', 'IP', 'Result']

const numberOf = (ms) => (ms === null ? '–' : ms.toFixed(1))

// How many trackers have each status, as one bar and its key.
function statusChart(tally) {
  const found = [...tally.counts].filter(([, count]) => count > 0)
  const total = found.reduce((sum, [, count]) => sum + count, 0)
  let x = 0
  const parts = found.map(([status, count]) => {
    const width = (1000 * count) / total
    const part = `<rect class="${COLOURS[status]}" x="${x.toFixed(1)}" y="0" width="${Math.max(1, width - 2).toFixed(1)}" height="18" rx="2"><title>${grouped(count)} ${status}</title></rect>`
    x += width
    return part
  })
  const keys = found.map(([status, count]) => {
    const words = WORDS[status][count === 1 ? 0 : 1]
    return `<span class="key"><svg width="10" height="10" aria-hidden="true"><rect class="${COLOURS[status]}" width="10" height="10" rx="2"/></svg>${grouped(count)} ${words}</span>`
  })
  return `<svg viewBox="0 0 1000 18" width="1000" height="18" preserveAspectRatio="none" role="img" aria-label="${html(tally)}">${parts.join('')}</svg>\n<p>${keys.join('')}</p>`
}

// How many answers took how long, on the scale of the bars.
const STEPS = 12
function timeChart(rows) {
  const times = rows.map(({ connectMs }) => connectMs).filter((ms) => ms !== null)
  if (times.length < 2) return ''
  const counts = Array.from({ length: STEPS }, () => 0)
  for (const ms of times) counts[Math.min(STEPS - 1, Math.floor(STEPS * share(ms)))]++
  const most = Math.max(...counts)
  const columns = counts.map((count, i) => {
    const height = (90 * count) / most
    return `<rect class="time" x="${i * 60 + 3}" y="${(100 - height).toFixed(1)}" width="54" height="${height.toFixed(1)}" rx="2"><title>${grouped(count)}</title></rect>`
  })
  const marks = ['1 ms', '10 ms', '100 ms', '1 s'].map((text, i) => {
    const anchor = ['start', 'middle', 'middle', 'end'][i]
    return `<text x="${i * 240}" y="118" text-anchor="${anchor}">${text}</text>`
  })
  return `<h2>Round trips</h2>
<svg class="chart" viewBox="0 0 720 124" width="720" height="124" role="img" aria-label="Round trips of ${grouped(times.length)} connects">${columns.join('')}<line x1="0" y1="101" x2="720" y2="101" stroke="var(--line)"/>${marks.join('')}</svg>`
}

function timeBar(ms) {
  if (ms === null) return ''
  const width = Math.max(2, 100 * share(ms)).toFixed(1)
  return `<svg width="100" height="10" aria-hidden="true"><rect class="time" width="${width}" height="10" rx="2"/></svg>`
}

function resultOf({ status, reason, bep34 }) {
  // What is invalid has that in its reason.
  const words =
    reason === null ? status : reason.startsWith(status) ? reason : `${status}: ${reason}`
  const record = bep34 ? `<div class="soft">${html(remarkOf(bep34))}</div>` : ''
  return `<td class="${COLOURS[status]}">${html(words)}${record}</td>`
}

// Of those that do not answer, who and why is all there is to say.
function shortRow(result, nameOf) {
  const { url, family } = result
  return `<tr><td class="url">${html(nameOf(url))}</td><td>${family === null ? '' : `IPv${family}`}</td>${resultOf(result)}</tr>`
}

function row(result, nameOf) {
  const { url, family, lookupMs, connectMs, announceMs, scrapeMs } = result
  const numbers = [lookupMs, connectMs].map((ms) => `<td class="number">${numberOf(ms)}</td>`)
  const more = [announceMs, scrapeMs].map((ms) => `<td class="number">${numberOf(ms)}</td>`)
  return `<tr><td class="url">${html(nameOf(url))}</td><td>${family === null ? '' : `IPv${family}`}</td>${numbers.join('')}<td class="bar">${timeBar(connectMs)}</td>${more.join('')}${resultOf(result)}</tr>`
}

/** The page as a text. `at` is a Date. */
function pageOf({ rows, tally, nameOf, at }) {
  const rank = ({ status, connectMs }) => [STATUSES.indexOf(status), connectMs ?? Infinity]
  const sorted = [...rows].sort((a, b) => {
    const [[statusA, msA], [statusB, msB]] = [rank(a), rank(b)]
    return statusA - statusB || msA - msB || (a.url < b.url ? -1 : 1)
  })
  const living = sorted.filter(({ status }) => isAlive(status))
  const others = sorted.filter(({ status }) => !isAlive(status))
  const numbers = new Set(['Look-up', 'Connect', 'Announce', 'Scrape'])
  const table = (title, some, names, rowOf) => {
    if (some.length === 0) return ''
    const header = names
      .map((name) => `<th${numbers.has(name) ? ' class="number"' : ''}>${name}</th>`)
      .join('')
    const body = some.map((one) => rowOf(one, nameOf)).join('\n')
    return `<h2>${title}</h2>\n<div class="wide"><table><thead><tr>${header}</tr></thead>\n<tbody>\n${body}\n</tbody></table></div>`
  }
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${html(tally.verdict(60, nameOf))}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${html(tally.verdict(Infinity, nameOf))}</h1>
<p class="soft">UDP trackers, checked <time datetime="${at.toISOString()}">${at.toISOString().slice(0, 16).replace('T', ' ')} UTC</time>. Times in milliseconds; bars from ${SCALE}, each ten times as much a third longer.</p>
${statusChart(tally)}
${timeChart(rows)}
${table('Alive', living, LIVING, row)}
${table('Others', others, OTHERS, shortRow)}
</body>
</html>
`
}

/** Writes the page in one go: who reads the file never sees half of it. Passkeys are hidden unless one says otherwise. */
function write(file, { rows, tally, values }) {
  const nameOf = values['no-redact'] ? (url) => url : redacted
  const temporary = `${file}.${process.pid}.new`
  try {
    fs.writeFileSync(temporary, pageOf({ rows, tally, nameOf, at: new Date() }))
    fs.renameSync(temporary, file)
  } catch (error) {
    fs.rmSync(temporary, { force: true })
    throw new UsageError(`cannot write ${file}: ${error.code}`)
  }
}

module.exports = { pageOf, write }
