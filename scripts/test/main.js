// `npm test`: builds the addon and runs the tests of Rust, of JavaScript and of compat/, whatever fails on the way. What
// failed stands at the end by name, and what was skipped for want of a program.
//
//   node scripts/test/main.js [--strict]
//
// --strict, as .ci/run has it: what was skipped is a failure.
'use strict'

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { testRust } = require('./rust')
const { add, read, summaryOf } = require('./record')

const ROOT = path.resolve(__dirname, '../..')
const RECORD = path.join(ROOT, 'target/test-record')

// What each part is called, and whether it passed.
const PARTS = {
  'Rust: cargo test': testRust,
  'JavaScript: __test__': () => node('scripts/test-runtimes.js', 'current'),
  'Version 1.2.0: compat': () => installed('compat') && original() && compared('compat')
}

function node(...args) {
  return run(process.execPath, args)
}

function run(program, args, options) {
  return spawnSync(program, args, { cwd: ROOT, stdio: 'inherit', ...options }).status === 0
}

// npm's own record of what it installed is younger than the lock file if it is that.
function installed(folder) {
  const [lock, done] = ['package-lock.json', 'node_modules/.package-lock.json'].map((file) =>
    fs.statSync(path.join(ROOT, folder, file), { throwIfNoEntry: false })
  )
  if (done && done.mtimeMs >= lock.mtimeMs) return true
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder]
  const isDone = run('npm', args, { shell: process.platform === 'win32' })
  if (!isDone) add({ failed: 'npm ci', file: folder })
  return isDone
}

function original() {
  const passed = node('compat/run-original-suite.js')
  if (!passed) add({ failed: 'the suite of version 1.2.0', file: 'compat/run-original-suite.js' })
  return passed
}

function compared(folder) {
  const names = fs.readdirSync(path.join(ROOT, folder)).filter((name) => /\.test\.js$/.test(name))
  const files = names.map((name) => path.join(folder, name))
  return node('--test', '--test-reporter=./scripts/test/reporter.js', ...files)
}

function main(isStrict) {
  if (!node('lib/engine/build-addon.js', '--dev', '--target-dir', 'target')) return 1
  fs.rmSync(RECORD, { force: true })
  process.env.TEST_RECORD = RECORD
  const times = []
  const failed = Object.keys(PARTS).filter((title) => {
    console.log(`\n== ${title}`)
    const started = Date.now()
    const isRight = PARTS[title]()
    times.push(`${title} ${Math.round((Date.now() - started) / 1000)} s`)
    return !isRight
  })
  const entries = read(RECORD)
  console.log(`\n== ${times.join(', ')}`)
  for (const line of summaryOf(entries)) console.log(line)
  const isSkipped = isStrict && entries.some((entry) => entry.skipped !== undefined)
  if (isSkipped) console.log('a test that was skipped is a failure here')
  return failed.length > 0 || isSkipped ? 1 : 0
}

process.exitCode = main(process.argv.includes('--strict'))
