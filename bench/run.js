'use strict'

// Measures the package beside the original, bittorrent-tracker's client and a native load generator, all in one run on
// this machine, and prints medians with the least and the most.
//
//   node bench/run.js [--quick] [--only FIGURE] [--runs N]
//
// Every measurement has a process and a tracker of its own; the competitors take turns. Nothing leaves loopback.

const fs = require('fs')
const os = require('os')
const path = require('path')
const { parseArgs } = require('util')

const aquatic = require('./lib/aquatic.js')
const child = require('./lib/child.js')
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
  'clients'
]
const RESULTS = path.join(__dirname, 'results')
const RUNS = 5
const LIMIT = 60000

function startTracker(kind) {
  if (kind === 'silent') return aquatic.silentTracker()
  if (kind === null) return { stop: async () => {} }
  return aquatic.startTracker(kind)
}

async function measureOnce(name, figure, implementation, options) {
  const tracker = await startTracker(figure.tracker)
  try {
    const { url, host, port, pid } = tracker
    const where = { url, host, port, trackerPid: pid }
    return await child.run(name, implementation, { ...options, ...where }, LIMIT)
  } finally {
    await tracker.stop()
  }
}

/** Measures a figure; gives for each variant and implementation what came of every run. */
async function measureFigure(name, figure, { quick, runs }) {
  const results = new Map()
  const notes = new Set()
  const seconds = figure.seconds && figure.seconds[quick ? 'quick' : 'full']
  const variants = quick ? quickVariants(figure) : figure.variants
  for (const { title, implementations } of variants) {
    results.set(title, Object.fromEntries(implementations.map((each) => [each, []])))
  }
  for (let run = 0; run < (figure.runs || runs); run++) {
    for (const { title, options, implementations } of variants) {
      for (const implementation of implementations) {
        progress(`${name} ${title} ${implementation} ${run + 1}`)
        // The load generator counts in steps of five seconds.
        const time = implementation === 'native' ? {} : { seconds, idleSeconds: seconds }
        try {
          const result = await measureOnce(name, figure, implementation, { ...options, ...time })
          results.get(title)[implementation].push(result)
          if (result.note) notes.add(describe(title, implementation, result.note))
        } catch (error) {
          notes.add(describe(title, implementation, error.message))
        }
      }
    }
  }
  progress('')
  return { results, notes: [...notes] }
}

function quickVariants({ variants }) {
  return variants
    .filter((variant) => !variant.fullOnly)
    .map((variant) => ({
      ...variant,
      implementations: variant.quickImplementations || variant.implementations
    }))
}

function describe(title, implementation, words) {
  return `${[title, implementation].filter(Boolean).join(', ')}: ${words}`
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

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
      runs: { type: 'string', default: String(RUNS) }
    }
  })
  const unknown = values.only.filter((name) => !FIGURES.includes(name))
  if (unknown.length > 0) throw new Error(`no figure ${unknown}; there are ${FIGURES.join(', ')}`)
  aquatic.install()

  const started = Date.now()
  const report = {
    date: new Date().toISOString(),
    machine: machine(),
    quick: values.quick,
    figures: {}
  }
  console.log(`${Object.values(report.machine).join(', ')}\n`)
  for (const name of FIGURES) {
    const figure = require(`./figures/${name}.js`)
    const wanted =
      values.only.length > 0 ? values.only.includes(name) : figure.quick || !values.quick
    if (!wanted) continue
    const settings = { quick: values.quick, runs: Number(values.runs) }
    const { results, notes } = await measureFigure(name, figure, settings)
    const rows = rowsOf(figure, results)
    report.figures[name] = { title: figure.title, rows, notes }
    console.log(table(figure, rows, notes))
  }
  report.seconds = Math.round((Date.now() - started) / 1000)

  fs.mkdirSync(RESULTS, { recursive: true })
  fs.writeFileSync(path.join(RESULTS, 'latest.json'), `${JSON.stringify(report, null, 2)}\n`)
  const goals = Object.values(report.figures).flatMap(({ rows }) => rows.filter(({ goal }) => goal))
  const reached = goals.filter(({ goal }) => goal.reached).length
  console.log(
    `${reached} of ${goals.length} goals reached, ${report.seconds} s, bench/results/latest.json`
  )
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
