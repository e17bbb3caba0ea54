// Runs the tests on other runtimes than the one at hand: all of __test__/ on each version of Node.js, and on Bun and Deno
// what is not about Node.js itself.
//
//   node scripts/test-runtimes.js [--portable] [node18 node26 bun …]     without names: all of them
//
// `current` is the Node.js that runs this. --portable: without the tests that need programs of Debian or of cargo.
'use strict'

const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { RUNTIMES, programOf } = require('./runtimes.js')
const { testArguments, testFiles } = require('./test/files.js')

const ROOT = path.resolve(__dirname, '..')

// The beginnings of the names of tests. How an uncaught exception and console.log look is the runtime's own, and the
// first ones compare it. Deno has its own ways with the IPv6 socket that bittorrent-tracker's server opens. The compiler
// runs on Node.js. The command line is a program for Node.js, and its tests preload code by NODE_OPTIONS.
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

const DENO = ['test', '--allow-all', '--no-check', '--preload=./scripts/test/deno-after.cjs']

// The arguments of each process that it takes. Bun would have all files in one, and with them the clocks that some of them put
// in the place of its own.
function argumentsFor(runtime, without, isWanted) {
  const isOther = runtime === 'bun' || runtime === 'deno'
  const files = testFiles(['__test__'], isOther ? [...without, ...OF_NODE] : without)
  const wanted = files.filter((file) => isWanted(path.basename(file)))
  if (runtime === 'bun') return wanted.map((file) => ['test', '--timeout', '60000', file])
  return [runtime === 'deno' ? [...DENO, ...wanted] : testArguments(wanted)]
}

/** Whether the tests in `root` pass on a runtime: the files without those whose names begin with one of `without`. */
function runOn(runtime, without, { root = ROOT, isWanted = () => true } = {}) {
  const program = runtime === 'current' ? process.execPath : programOf(runtime)
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  const started = Date.now()
  console.log(`\n== ${runtime}: ${stdout.split('\n')[0]}`)
  const failed = argumentsFor(runtime, without, isWanted).filter((args) => {
    const { status, signal } = spawnSync(program, args, { cwd: root, stdio: 'inherit' })
    if (status !== 0) console.log(`== ${args.at(-1)}: ${signal || status}`)
    return status !== 0
  })
  const seconds = Math.round((Date.now() - started) / 1000)
  const hasPassed = failed.length === 0
  console.log(`== ${runtime}: ${hasPassed ? 'passed' : 'failed'} after ${seconds} s`)
  return hasPassed
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

if (require.main === module) main()

module.exports = { runOn }
