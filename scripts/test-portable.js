// Runs the tests on the portable engine, in a copy of this checkout that has no addon: those of __test__ but for what is the
// addon's; without names also the test suite of version 1.2.0, the comparison with it, and the test runners that replace timers.
//
//   node scripts/test-portable.js [--short] [--on RUNTIME]… [NAME…]
//
// --short: the suite, and the files that say most of an engine. --on: on these of scripts/runtimes.js, and __test__ alone. NAME:
// the files whose names begin so.
'use strict'

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { installed } = require('./installed.js')
const { runOn } = require('./test-runtimes.js')
const { testArguments, testFiles } = require('./test/files.js')

const ROOT = path.resolve(__dirname, '..')
const COPY = path.join(ROOT, 'target/without-addon')

// The folders with dependencies of their own.
const DEPENDENCIES = ['compat', '__test__/fake-timers']

// What is the addon's, or has nothing to do with an engine, by the beginnings of the files' names. Single tests say so
// themselves (__test__/support/portable.js).
const REFUSED_FILES = [
  'addon', // how it is found
  'bittorrent-tracker-proxy', // proxies
  'bittorrent-tracker-without-addon', // what there is without either engine
  'build-addon',
  'command-line-transport', // interfaces, local addresses, proxies
  'docs-links', // of no engine
  'docs-texts',
  'platforms',
  'portable', // both engines are in it
  'real-proxies',
  'register', // inside runners, from a local address
  'test-report',
  'transport-proxy',
  'types',
  'valgrind-report'
]

const SHORT = ['announce', 'connection-id', 'datagrams', 'ping', 'scrape.test', 'transport-lookup']

function copy() {
  fs.rmSync(COPY, { recursive: true, force: true })
  const list = ['ls-files', '--cached', '--others', '--exclude-standard']
  const files = execFileSync('git', list, { cwd: ROOT, encoding: 'utf8' }).trim().split('\n')
  for (const file of [...files, 'lib/portable/core-bytes.js']) {
    const [from, to] = [path.join(ROOT, file), path.join(COPY, file)]
    // One may be deleted, or a link to dependencies.
    if (!fs.statSync(from, { throwIfNoEntry: false })?.isFile()) continue
    fs.mkdirSync(path.dirname(to), { recursive: true })
    fs.copyFileSync(from, to)
  }
  for (const folder of ['.', ...DEPENDENCIES]) link(path.join(folder, 'node_modules'))
}

function link(folder) {
  const from = path.join(ROOT, folder)
  if (fs.existsSync(from)) fs.symlinkSync(from, path.join(COPY, folder), 'junction')
}

// The test runners, and what they compare with, are where npm has installed them.
const PARTS = [
  ['compat/run-original-suite.js'],
  testArguments(testFiles(['compat'], ['waits'])),
  // It has the machine to itself.
  testArguments(['compat/waits.test.js']),
  ['--test', ...testFiles(['__test__/fake-timers'], REFUSED_FILES)]
]

const node = (...args) =>
  spawnSync(process.execPath, args, { cwd: COPY, stdio: 'inherit' }).status === 0

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { short: { type: 'boolean' }, on: { type: 'string', multiple: true } }
  })
  const isWhole = !values.short && !values.on && positionals.length === 0
  const parts = isWhole ? PARTS : PARTS.slice(0, values.short ? 1 : 0)
  if (!DEPENDENCIES.slice(0, Math.min(parts.length, 2)).every(installed)) return 1
  copy()
  if (!node('-e', "require('.').stats().engine === 'portable' || process.exit(1)")) {
    console.error('the portable engine is not built: npm run build:portable')
    return 1
  }
  const names = values.short ? SHORT : positionals
  const isWanted = (file) => names.length === 0 || names.some((name) => file.startsWith(name))
  const runtimes = values.on || ['current']
  const passed = runtimes.map((one) => runOn(one, REFUSED_FILES, { root: COPY, isWanted }))
  passed.push(...parts.map((part) => node(...part)))
  return passed.every(Boolean) ? 0 : 1
}

// cargo takes the copy for the same package: what it builds of one is no use to the other.
process.env.TEST_BEDS = ROOT
process.exitCode = main()
