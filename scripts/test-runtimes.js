// Runs the tests on other runtimes than the one at hand: all of __test__/ on each version of Node.js, and on Bun and Deno
// what is not about Node.js itself.
//
//   node scripts/test-runtimes.js [--portable] [node18 node26 bun …]     without names: all of them
//
// `current` is the Node.js that runs this. --portable: without the tests that need programs of Debian or of cargo.
'use strict'

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { RUNTIMES, programOf } = require('./runtimes')

const ROOT = path.resolve(__dirname, '..')

// Tests mostly wait, for a timeout or an interval; more of them at once would find the machine too busy for their timeouts.
const FILES_AT_ONCE = os.availableParallelism() + 1

const REPORTER = '--test-reporter=./scripts/test/reporter.js'

// The beginnings of the names of tests. How an uncaught exception and console.log look is the runtime's own, and the
// first ones compare it. Deno has its own ways with the IPv6 socket that bittorrent-tracker's server opens. The compiler
// runs on Node.js. The command line is a program for Node.js, and its tests preload code by NODE_OPTIONS.
// The soak reads the counters of its process, and Bun has all tests in one.
const OF_NODE = [
  'build-addon',
  'test-report',
  'process',
  'docs-command-line',
  'docs-examples',
  'docs-links',
  'docs-texts',
  'workers',
  'real-trackers-swarms',
  'types',
  'command-line',
  'life',
  'retry-soak',
  'soak',
  'system-faults'
]

// They start trackers and clients that Debian or cargo brings.
const OF_OTHERS = [
  'libtorrent',
  'real-trackers',
  'event-loop',
  'forgery',
  'lossy-network',
  'relay',
  'soak',
  'system-faults'
]

// Listed here: shells and versions of Node.js differ in what they make of a pattern.
function testFiles(without) {
  const names = fs.readdirSync(path.join(ROOT, '__test__')).sort()
  return names
    .filter((name) => name.endsWith('.test.js') && !without.some((some) => name.startsWith(some)))
    .map((name) => `./__test__/${name}`)
}

function argumentsFor(runtime, without) {
  const ofNode = [...without, ...OF_NODE]
  if (runtime === 'bun') return ['test', '--timeout', '60000', ...testFiles(ofNode)]
  if (runtime === 'deno') return ['test', '--allow-all', '--no-check', ...testFiles(ofNode)]
  return ['--test', `--test-concurrency=${FILES_AT_ONCE}`, REPORTER, ...testFiles(without)]
}

// Whether the tests pass on it.
function runOn(runtime, without) {
  const program = runtime === 'current' ? process.execPath : programOf(runtime)
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  const started = Date.now()
  console.log(`\n== ${runtime}: ${stdout.split('\n')[0]}`)
  const { status, signal } = spawnSync(program, argumentsFor(runtime, without), {
    cwd: ROOT,
    stdio: 'inherit'
  })
  const seconds = Math.round((Date.now() - started) / 1000)
  console.log(
    `== ${runtime}: ${status === 0 ? 'passed' : `failed (${signal || status})`} after ${seconds} s`
  )
  return status === 0
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { portable: { type: 'boolean' } }
  })
  const names = positionals.length > 0 ? positionals : Object.keys(RUNTIMES)
  for (const name of names) {
    if (name !== 'current' && !Object.hasOwn(RUNTIMES, name)) {
      throw new Error(`there is no ${name}; there are current, ${Object.keys(RUNTIMES).join(', ')}`)
    }
  }
  const failed = names.filter((name) => !runOn(name, values.portable ? OF_OTHERS : []))
  if (failed.length > 0) {
    console.error(`failed on: ${failed.join(', ')}`)
    process.exitCode = 1
  }
}

main()
