// The command line's `check` of a list: what many trackers at once do to the round trips that it tells, and how long a list
// takes most of which is dead. On a terminal, as people see it.
'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const commandLine = require('../../__test__/support/command-line.js')
const { startTrackers } = require('../lib/trackers.js')
const { median } = require('../lib/statistics.js')

const AFTER = { after() {} }
const ALONE = 15

async function measure(_, options) {
  const trackers = await startTrackers(options)
  try {
    return options.dead ? await mostlyDead(trackers) : await list(trackers)
  } finally {
    trackers.stop()
  }
}

async function connectsOf(urls) {
  const { results } = await commandLine.check(AFTER, urls)
  return results.map(({ connectMs }) => connectMs)
}

async function list({ living }) {
  const alone = []
  for (const url of living.slice(0, ALONE)) alone.push(...(await connectsOf([url])))
  const connect = median(await connectsOf(living))
  return { connect, alone: median(alone), ratio: connect / median(alone) }
}

// The dead stand before the living and between them.
async function mostlyDead({ living, dead }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'check-'))
  const file = path.join(folder, 'list')
  const each = Math.floor(dead.length / living.length)
  const urls = living.flatMap((url, i) => [...dead.slice(i * each, (i + 1) * each), url])
  fs.writeFileSync(file, `${urls.join('\n')}\n`)
  const started = performance.now()
  const terminal = commandLine.startInTerminal(
    AFTER,
    `stty cols 80 rows 24; $TRACKER check --file ${file}; times`
  )
  let seen = NaN
  terminal.process.stdout.on('data', () => {
    const { length } = terminal.stdout.match(/works/g) ?? []
    if (length >= living.length && Number.isNaN(seen)) seen = performance.now() - started
  })
  await terminal.exit()
  const seconds = (performance.now() - started) / 1000
  fs.rmSync(folder, { recursive: true })
  // What the shell's children have used: `0m0.412s 0m0.081s` in the last line.
  const used = terminal.stdout
    .trimEnd()
    .split('\n')
    .at(-1)
    .matchAll(/(\d+)m([\d.]+)s/g)
  const cpu = [...used].reduce((sum, [, minutes, rest]) => sum + 60 * minutes + Number(rest), 0)
  return { seen: seen / 1000, complete: seconds, cpu }
}

module.exports = {
  title: 'check: a list of trackers',
  tracker: null,
  variants: [
    {
      title: '100 on loopback',
      options: { living: 100 },
      implementations: ['ours'],
      goals: { ratio: { limit: 2 } }
    },
    {
      title: '300, of which 285 are dead',
      options: { living: 15, dead: 285 },
      implementations: ['ours'],
      goals: { seen: { limit: 2 }, complete: { limit: 16 }, cpu: { limit: 1 } }
    }
  ],
  metrics: [
    { key: 'connect', title: 'median CONNECT, ms', better: 'lower', digits: 2 },
    { key: 'alone', title: 'median CONNECT of one alone, ms', better: 'lower', digits: 2 },
    { key: 'ratio', title: 'ratio of the two', better: 'lower', digits: 2 },
    { key: 'seen', title: 'all of the living on the screen, s', better: 'lower', digits: 2 },
    { key: 'complete', title: 'complete, s, with a timeout of 15', better: 'lower', digits: 2 },
    { key: 'cpu', title: 'CPU, s', better: 'lower', digits: 2 }
  ],
  measure
}
