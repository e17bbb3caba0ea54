// Measures a figure: every measurement has a process and a tracker, or a network and its tracker, of its own; the
// competitors take turns.
'use strict'

const { startRelay } = require('../../__test__/support/relay.js')
const aquatic = require('./aquatic.js')
const child = require('./child.js')
const { withCounts } = require('./network.js')
const { commandFor } = require('./surroundings.js')

const RUNS = 5
const LIMIT = 60000

function startTracker(kind) {
  if (kind === 'silent') return aquatic.silentTracker()
  if (kind === null) return { stop: async () => {} }
  return aquatic.startTracker(kind)
}

async function measureOnce(name, figure, variant, implementation, options) {
  if (variant.network) return measureThroughNetwork(name, variant, implementation, options)
  const tracker = await startTracker(figure.tracker)
  try {
    const { url, host, port, pid } = tracker
    const where = { url, host, port, trackerPid: pid }
    return await child.run(name, implementation, { ...options, ...where }, LIMIT)
  } finally {
    await tracker.stop()
  }
}

async function measureThroughNetwork(name, variant, implementation, { seed, ...options }) {
  const around = commandFor(variant)
  const relay = await startRelay({ tracker: true, seed, ...variant.network })
  try {
    const where = { url: relay.url, port: relay.port }
    const result = await child.run(name, implementation, { ...options, ...where }, LIMIT, around)
    const { exchanges } = variant
    const { loss } = variant.network
    return withCounts(result, await relay.counts(), { implementation, exchanges, loss })
  } finally {
    await relay.stop()
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
  // A run of the network's figures takes minutes, most of them waiting for the others.
  const isNetwork = figure.variants.some((variant) => variant.network)
  const times = figure.runs || runs || (isNetwork ? 1 : RUNS)
  const timesOurs = runs ? times : Math.max(times, figure.runsOfOurs || 0)
  for (let run = 0; run < timesOurs; run++) {
    for (const variant of variants) {
      const { title, options, implementations } = variant
      for (const implementation of implementations) {
        if (run >= times && implementation !== 'ours') continue
        progress(`${name} ${title} ${implementation} ${run + 1}`)
        // The load generator counts in steps of five seconds.
        const time = implementation === 'native' ? {} : { seconds, idleSeconds: seconds }
        try {
          const result = await measureOnce(name, figure, variant, implementation, {
            ...options,
            ...time,
            seed: run + 1
          })
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

module.exports = { measureFigure }
