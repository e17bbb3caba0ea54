// Draws the announces of results/network.json, which `npm run bench -- --only network` writes, into ../docs/: how many of
// 10,000 were answered by when, how many within ten seconds, and how long one takes, by how much the network loses.
//
//   node bench/chart.js
'use strict'

const fs = require('node:fs')
const path = require('node:path')

const { lossText } = require('./lib/network.js')
const { sharesChart } = require('./lib/shares.js')

const CLIENTS = {
  ours: { name: 'this package', colour: '#1a9c66' },
  original: { name: 'version 1.2.0', colour: '#d9622b' },
  'bittorrent-tracker': { name: 'bittorrent-tracker 11', colour: '#7080e8', dashes: '6 4' }
}
const BURST = /^10,000 announces, 50 ms, (nothing|\d+ %) lost/
const STREAM = /^50 ms, (\d+ %) lost/
const SECONDS = 10
// Milliseconds: from below the shortest round trip to the answer that version 1.2.0 gets when it sends again.
const LATENCIES = [40, 40000]
const LATENCY_TICKS = [50, 100, 300, 1000, 3000, 10000, 30000]
const DOCS = path.join(__dirname, '..', 'docs')

const STYLE = {
  background: 'none',
  fontFamily: 'system-ui, sans-serif',
  fontSize: '12px'
}

const colours = {
  domain: Object.values(CLIENTS).map(({ name }) => name),
  range: Object.values(CLIENTS).map(({ colour }) => colour)
}

// In percent; nothing is 0.
const lossOf = (variants, variant) => parseInt(variants.exec(variant)[1], 10) || 0

/** `[{client, loss, ms, share}]`: within that time that share was answered. It stays at that until `end`. */
function answered({ distributions }, variants, { begin, end }) {
  return Object.entries(distributions).flatMap(([variant, byClient]) => {
    if (!variants.test(variant)) return []
    const loss = lossOf(variants, variant)
    return Object.entries(CLIENTS).flatMap(([client, { name }]) => {
      const quantiles = byClient[client] ?? []
      const times = quantiles.filter((time) => time !== null)
      const points = times.map((ms, i) => ({ ms, share: (100 * i) / (quantiles.length - 1) }))
      const share = points.length > 0 ? points.at(-1).share : 0
      return [{ ms: begin, share: 0 }, ...points, { ms: end, share }].map((point) => ({
        client: name,
        loss: lossText(loss),
        order: loss,
        ...point
      }))
    })
  })
}

/** `[{label, shares}]`: how much was answered within ten seconds, by how much the network loses. */
function shares({ rows }) {
  return rows
    .filter(({ key, variant }) => key === 'answered' && BURST.test(variant))
    .map(({ variant, results }) => ({
      label: lossText(lossOf(BURST, variant)),
      shares: Object.fromEntries(
        Object.keys(CLIENTS).map((client) => [client, Math.floor(results[client].median * 10) / 10])
      )
    }))
}

/**
 * The share answered against time, a panel for each loss. `x` is the scale of time, `axis` its axis if it has one of its own, `at` where
 * the names stand.
 */
function drawAnswered(Plot, document, points, { x, axis, at }) {
  const losses = [...new Map(points.map(({ order, loss }) => [order, loss]))].sort(
    ([a], [b]) => a - b
  )
  return Plot.plot({
    document,
    style: STYLE,
    width: 900,
    height: 300,
    marginTop: 40,
    marginBottom: 45,
    marginLeft: 55,
    marginRight: 20,
    fx: { domain: losses.map(([, loss]) => loss), axis: 'top', label: null, padding: 0.08 },
    x: { ...x, labelOffset: 36 },
    y: { domain: [0, 100], label: 'answered, %', grid: true },
    color: colours,
    marks: [
      Plot.frame({ stroke: '#8c959f' }),
      axis,
      // Those that lie on each other are told apart by their dashes.
      ...Object.values(CLIENTS).map(({ name, dashes }) =>
        Plot.line(points, {
          filter: ({ client }) => client === name,
          x: 'ms',
          y: 'share',
          fx: 'loss',
          stroke: 'client',
          strokeWidth: 2.2,
          strokeDasharray: dashes
        })
      ),
      Plot.text(names(losses.at(-1)[1], at), {
        x: 'ms',
        y: 'share',
        fx: 'loss',
        fill: 'client',
        text: 'client',
        textAnchor: 'end',
        fontWeight: 'bold'
      })
    ]
  })
}

// A legend within the last panel, where nothing else is.
function names(loss, ms) {
  return Object.values(CLIENTS).map(({ name }, i) => ({
    client: name,
    loss,
    ms,
    share: 40 - 12 * i
  }))
}

/** As a file of its own, for a light page and a dark one. */
function standalone(svg) {
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  const colours = ':root{color:#1f2328}@media (prefers-color-scheme:dark){:root{color:#e6edf3}}'
  return `${svg.outerHTML.replace(/(<svg[^>]*>)/, `$1<style>${colours}</style>`)}\n`
}

async function main() {
  const Plot = await import('@observablehq/plot')
  const { parseHTML } = await import('linkedom')
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const results = path.join(__dirname, 'results', 'network.json')
  const { figures } = JSON.parse(fs.readFileSync(results, 'utf8'))
  fs.mkdirSync(DOCS, { recursive: true })
  const save = (name, svg) => fs.writeFileSync(path.join(DOCS, name), standalone(svg))

  const burst = figures['network-announces']
  const range = { begin: 0, end: SECONDS * 1000 }
  const byWhen = drawAnswered(Plot, document, answered(burst, BURST, range), {
    x: {
      domain: [0, SECONDS],
      transform: (ms) => ms / 1000,
      label: 'seconds after 10,000 announces were made',
      ticks: [0, 2, 4, 6, 8]
    },
    at: range.end - 100
  })
  save('network-answered.svg', byWhen)
  const chart = {
    title: `Announces answered within ${SECONDS} seconds, in percent`,
    names: Object.fromEntries(Object.entries(CLIENTS).map(([key, { name }]) => [key, name])),
    groups: shares(burst)
  }
  fs.writeFileSync(path.join(DOCS, 'network-shares.svg'), sharesChart(chart))

  const [begin, end] = LATENCIES
  const stream = answered(figures['network-latency'], STREAM, { begin, end })
  const latency = drawAnswered(Plot, document, stream, {
    x: {
      type: 'log',
      domain: LATENCIES,
      label: 'milliseconds from an announce to its answer'
    },
    // Plot's own axis leaves out the labels of most ticks of a logarithmic scale.
    axis: Plot.axisX(LATENCY_TICKS, {
      text: (ms) => ms.toLocaleString('en-US'),
      labelOffset: 36
    }),
    at: 0.95 * end
  })
  save('network-latency.svg', latency)
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
