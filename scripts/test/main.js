// `npm test`: builds the addon and runs the tests of Rust, of JavaScript and of compat/, whatever fails on the way. What
// failed stands at the end by name, and what was skipped for want of a program.
//
//   node scripts/test/main.js [--strict]
//
// --strict, as .ci/run has it: what was skipped is a failure.
'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { installed } = require('../installed.js')
const { testArguments, testFiles } = require('./files.js')
const { testRust } = require('./rust.js')
const { add, read, summaryOf } = require('./record.js')

const ROOT = path.resolve(__dirname, '../..')
const RECORD = path.join(ROOT, 'target/test-record')

// Version 1.2.0's has a port of its own, 33333, which nothing may have taken meanwhile: it runs while nothing else has sockets.
const PARTS = {
  'Rust: cargo test; the suite of version 1.2.0': async () => {
    const passed = await Promise.all([original(), testRust()])
    return !passed.includes(false)
  },
  'JavaScript: __test__, compat': () =>
    node(...testArguments(testFiles(['__test__', 'compat'], ['waits']))),
  // It has the machine to itself.
  'Waits: compat': () => node(...testArguments(['compat/waits.test.js']))
}

async function node(...args) {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' })
  const [code] = await once(child, 'close')
  return code === 0
}

// Its words come at its end, in one piece.
async function original() {
  if (!installed('compat')) {
    add({ failed: 'npm ci', file: 'compat' })
    return false
  }
  const file = 'compat/run-original-suite.js'
  const child = spawn(process.execPath, [file], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  let words = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (words += text))
  }
  const [code] = await once(child, 'close')
  process.stdout.write(`\n${words}`)
  if (code !== 0) add({ failed: 'the suite of version 1.2.0', file })
  return code === 0
}

async function main(isStrict) {
  if (!(await node('lib/engine/build-addon.js', '--dev', '--target-dir', 'target'))) return 1
  fs.rmSync(RECORD, { force: true })
  process.env.TEST_RECORD = RECORD
  const times = []
  let isRight = true
  for (const [title, part] of Object.entries(PARTS)) {
    console.log(`\n== ${title}`)
    const started = Date.now()
    isRight = (await part()) && isRight
    times.push(`${title} ${Math.round((Date.now() - started) / 1000)} s`)
  }
  const entries = read(RECORD)
  console.log(`\n== ${times.join(', ')}`)
  for (const line of summaryOf(entries)) console.log(line)
  const isSkipped = isStrict && entries.some((entry) => entry.skipped !== undefined)
  if (isSkipped) console.log('a test that was skipped is a failure here')
  return isRight && !isSkipped ? 0 : 1
}

main(process.argv.includes('--strict')).then((code) => {
  process.exitCode = code
})
