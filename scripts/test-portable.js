// Runs the tests on the portable engine: those of __test__ that need no program of Debian or cargo, and the test suite of version
// 1.2.0, in processes that load no addon.
//
//   node scripts/test-portable.js [--short] [NAME…]
//
// --short: the suite, and the files that say most of an engine. NAME: the files whose names begin so.
'use strict'

const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { testArguments, testFiles } = require('./test/files.js')

const ROOT = path.resolve(__dirname, '..')

// What is the addon's, or needs programs, by the beginnings of the files' names. Single tests say so themselves
// (__test__/support/portable.js).
const REFUSED_FILES = [
  'addon', // how it is found
  'bittorrent-tracker-proxy', // proxies
  'bittorrent-tracker-without-addon', // what there is without either engine
  'build-addon',
  'command-line', // its tests preload code by NODE_OPTIONS
  'docs', // of no engine
  'event-loop', // cargo's hostile tracker
  'examples',
  'files-gone', // the engine in JavaScript is read at the first request, as the addon is
  'forgery',
  'libtorrent',
  'life', // programs for many minutes
  'lossy-network', // cargo's relay
  'platforms',
  'portable', // both engines are in it
  'real-', // programs of Debian
  'relay',
  'retry-soak',
  'soak',
  'system-faults', // namespaces, interfaces, proxies
  'test-report',
  'transport-proxy',
  'types',
  'valgrind-report',
  'workers' // one engine a process
]

const SHORT = ['announce', 'connection-id', 'datagrams', 'ping', 'scrape.test', 'transport-lookup']

function run(args) {
  const env = { ...process.env, NODE_OPTIONS: `${process.env.NODE_OPTIONS || ''} --no-addons` }
  return spawnSync(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' }).status === 0
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { short: { type: 'boolean' } }
  })
  const engine = "require('.').stats().engine === 'portable' || process.exit(1)"
  if (!run(['-e', engine])) {
    console.error('the portable engine is not built: npm run build:portable')
    return 1
  }
  const wanted = values.short ? SHORT : positionals
  const isWanted = (file) =>
    wanted.length === 0 || wanted.some((name) => path.basename(file).startsWith(name))
  const files = testFiles(['__test__'], REFUSED_FILES).filter(isWanted)
  const passed = [run(testArguments(files))]
  if (positionals.length === 0) passed.push(run(['compat/run-original-suite.js']))
  return passed.every(Boolean) ? 0 : 1
}

process.exitCode = main()
