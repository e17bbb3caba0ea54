// Runs the tests on other runtimes than the one at hand: all of __test__/ on each version of Node.js, and on Bun and Deno
// what is not about Node.js itself.
//
//   node scripts/test-runtimes.js [node18 node26 bun …]     without names: all of them
'use strict'

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { RUNTIMES, programOf } = require('./runtimes')

const ROOT = path.resolve(__dirname, '..')

// How an uncaught exception and console.log look is the runtime's own, and these compare it. Deno has its own ways with
// the IPv6 socket that bittorrent-tracker's server opens. The compiler runs on Node.js.
const OF_NODE = ['process', 'readme', 'types', 'aquatic', 'workers']

// Listed here: shells and versions of Node.js differ in what they make of a pattern.
function testFiles(without = []) {
  const names = fs.readdirSync(path.join(ROOT, '__test__')).sort()
  return names
    .filter((name) => name.endsWith('.test.js') && !without.includes(name.split('.')[0]))
    .map((name) => `./__test__/${name}`)
}

function argumentsFor(runtime) {
  if (runtime === 'bun') return ['test', '--timeout', '60000', ...testFiles(OF_NODE)]
  if (runtime === 'deno') return ['test', '--allow-all', '--no-check', ...testFiles(OF_NODE)]
  return ['--test', ...testFiles()]
}

// Whether the tests pass on it.
function runOn(runtime) {
  const program = programOf(runtime)
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  const started = Date.now()
  console.log(`\n== ${runtime}: ${stdout.split('\n')[0]}`)
  const { status, signal } = spawnSync(program, argumentsFor(runtime), {
    cwd: ROOT,
    stdio: 'inherit'
  })
  const seconds = Math.round((Date.now() - started) / 1000)
  console.log(
    `== ${runtime}: ${status === 0 ? 'passed' : `failed (${signal || status})`} after ${seconds} s`
  )
  return status === 0
}

function main(names) {
  const unknown = names.filter((name) => !Object.hasOwn(RUNTIMES, name))
  if (unknown.length > 0)
    throw new Error(`no such runtime: ${unknown}; there are ${Object.keys(RUNTIMES)}`)
  const failed = names.filter((name) => !runOn(name))
  if (failed.length > 0) {
    console.error(`failed on: ${failed.join(', ')}`)
    process.exitCode = 1
  }
}

const names = process.argv.slice(2)
main(names.length > 0 ? names : Object.keys(RUNTIMES))
