// Measures the package beside the original, bittorrent-tracker's client and a native load generator, all in one run on
// this machine, and prints medians with the least and the most.
//
//   node bench/run.js [--quick] [--only FIGURE] [--runs N]
//
// `--only network` is the part through a network that loses datagrams.
//
// Every measurement has a process and a tracker of its own; the competitors take turns. Nothing leaves loopback.
'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')

const aquatic = require('./lib/aquatic.js')
const { measureFigure } = require('./lib/measure.js')
const { distributions, overview } = require('./lib/overview.js')
const { rowsOf, table } = require('./lib/report.js')

const FIGURES = [
  'throughput',
  'latency',
  'burst',
  'silent',
  'waiting',
  'cpu',
  'require',
  'scrape',
  'clients',
  'check',
  'ping'
]
const NETWORK_FIGURES = [
  'network-announces',
  'network-scrapes',
  'network-one-by-one',
  'network-latency',
  'network-answers',
  'network-bottleneck',
  'network-faults'
]
const ALL_FIGURES = [...FIGURES, ...NETWORK_FIGURES]
const RESULTS = path.join(__dirname, 'results')

function machine() {
  const cpus = os.cpus()
  return {
    cpu: cpus[0].model,
    cpus: cpus.length,
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    system: `${os.type()} ${os.release()}`,
    node: process.version
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      runs: { type: 'string' }
    }
  })
  const wanted = wantedFigures(values)
  if (wanted.some((name) => figureOf(name).tracker)) aquatic.install()

  const started = Date.now()
  const report = {
    date: new Date().toISOString(),
    machine: machine(),
    quick: values.quick,
    figures: {}
  }
  console.log(`${Object.values(report.machine).join(', ')}\n`)
  for (const name of wanted) {
    const figure = figureOf(name)
    const settings = { quick: values.quick, runs: values.runs && Number(values.runs) }
    const { results, notes } = await measureFigure(name, figure, settings)
    const rows = rowsOf(figure, results)
    const { title, overview } = figure
    report.figures[name] = { title, overview, rows, notes, distributions: distributions(results) }
    console.log(table(figure, rows, notes))
  }
  report.seconds = Math.round((Date.now() - started) / 1000)
  write(report)

  const goals = Object.values(report.figures).flatMap(({ rows }) => rows.filter(({ goal }) => goal))
  const reached = goals.filter(({ goal }) => goal.reached).length
  console.log(
    `${reached} of ${goals.length} goals reached, ${report.seconds} s, bench/results/latest.json`
  )
}

/** The figures asked for, in their order; `network` is all of the network's. */
function wantedFigures({ only, quick }) {
  const names = only.flatMap((name) => (name === 'network' ? NETWORK_FIGURES : [name]))
  const unknown = names.filter((name) => !ALL_FIGURES.includes(name))
  if (unknown.length > 0)
    throw new Error(`no figure ${unknown}; there are ${ALL_FIGURES.join(', ')}`)
  if (names.length > 0) return ALL_FIGURES.filter((name) => names.includes(name))
  return ALL_FIGURES.filter((name) => !quick || figureOf(name).quick)
}

const figureOf = (name) => require(`./figures/${name}.js`)

/** Everything as JSON, and the network's part by itself, also as a table in Markdown. */
function write(report) {
  fs.mkdirSync(RESULTS, { recursive: true })
  const save = (name, text) => fs.writeFileSync(path.join(RESULTS, name), text)
  const json = (value) => `${JSON.stringify(value, null, 2)}\n`
  save('latest.json', json(report))
  const network = Object.entries(report.figures).filter(([name]) => NETWORK_FIGURES.includes(name))
  if (network.length === 0) return
  const figures = Object.fromEntries(network)
  save('network.json', json({ ...report, figures }))
  save('network.md', overview(figures))
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    console.error(`ended by ${signal}`)
    process.exit(1)
  })
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
