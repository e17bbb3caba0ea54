'use strict'

// Draws the announces of results/network.json, which `npm run bench -- --only network` writes, into ../docs/: how many of
// 10,000 were answered by when, when the last was, and how long one takes, by how much the network loses.
//
//   node bench/chart.js

const fs = require('fs')
const path = require('path')

const { lossText } = require('./lib/network.js')

const CLIENTS = {
  ours: { name: 'this package', colour: '#0a7d4f' },
  original: { name: 'version 1.2.0', colour: '#c2410c' },
  'bittorrent-tracker': { name: 'bittorrent-tracker 11', colour: '#4654b8', dashes: '6 4' }
}
const BURST = /^10,000 announces, 50 ms, (nothing|\d+ %) lost/
const STREAM = /^50 ms, (\d+ %) lost/
const SECONDS = 10
// Milliseconds: from below the shortest round trip to the answer that version 1.2.0 gets when it sends again.
const LATENCIES = [40, 40000]
const LATENCY_TICKS = [50, 100, 300, 1000, 3000, 10000, 30000]
const DOCS = path.join(__dirname, '..', 'docs')

const STYLE = {
  color: '#1f2328',
  background: '#ffffff',
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
    return Object.entries(byClient).flatMap(([client, quantiles]) => {
      const times = quantiles.filter((time) => time !== null)
      const points = times.map((ms, i) => ({ ms, share: (100 * i) / (quantiles.length - 1) }))
      const share = points.length > 0 ? points.at(-1).share : 0
      return [{ ms: begin, share: 0 }, ...points, { ms: end, share }].map((point) => ({
        client: CLIENTS[client].name,
        loss: lossText(loss),
        order: loss,
        ...point
      }))
    })
  })
}

/** `[{client, loss, seconds, isCut}]`: when the last one was answered, or that it was not. */
function last({ rows }) {
  return rows
    .filter(({ key, variant }) => key === 'last' && BURST.test(variant))
    .flatMap(({ variant, results }) =>
      Object.entries(results).map(([client, { median, isCut = false }]) => ({
        client: CLIENTS[client].name,
        loss: lossOf(BURST, variant),
        seconds: median,
        isCut
      }))
    )
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
      Plot.frame({ stroke: '#d0d7de' }),
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

function drawLast(Plot, document, points) {
  const done = points.filter(({ isCut }) => !isCut)
  const cut = points.filter(({ isCut }) => isCut)
  return Plot.plot({
    document,
    style: STYLE,
    width: 670,
    height: 320,
    marginTop: 30,
    marginLeft: 50,
    marginRight: 250,
    x: { label: 'lost each way, %', ticks: [...new Set(points.map(({ loss }) => loss))] },
    y: { domain: [0, SECONDS], label: 'seconds to the last of 10,000 answers', grid: true },
    color: colours,
    marks: [
      Plot.ruleY([0]),
      Plot.line(done, { x: 'loss', y: 'seconds', stroke: 'client', strokeWidth: 2.2 }),
      Plot.dot(done, { x: 'loss', y: 'seconds', fill: 'client', r: 4 }),
      Plot.dot(cut, { x: 'loss', y: 'seconds', stroke: 'client', symbol: 'triangle', r: 5 }),
      Plot.text(labels(points), {
        x: 'x',
        y: 'y',
        text: 'text',
        fill: 'client',
        textAnchor: 'start',
        fontWeight: 'bold',
        dx: 12
      })
    ]
  })
}

// Behind the last point of each line; those that never end share a place, one below the other.
function labels(points) {
  const most = Math.max(...points.map(({ loss }) => loss))
  const ends = points.filter(({ loss }) => loss === most)
  const cut = ends.filter(({ isCut }) => isCut)
  return ends.map((end) => ({
    client: end.client,
    text: end.isCut ? `${end.client}: not in ${SECONDS} s` : end.client,
    x: most,
    y: end.seconds - (end.isCut ? 0.5 * cut.indexOf(end) : 0)
  }))
}

/** As a file of its own, readable on a dark page as well. */
function standalone(svg) {
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  const paper = '<rect width="100%" height="100%" fill="#ffffff"/>'
  return `${svg.outerHTML.replace(/(<svg[^>]*>)/, `$1${paper}`)}\n`
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
  save('network-last.svg', drawLast(Plot, document, last(burst)))

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
