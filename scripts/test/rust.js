// `cargo test`, with what failed by name.
'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { add } = require('./record.js')

const ROOT = path.resolve(__dirname, '../..')
const LOG = path.join(ROOT, 'target/test-rust.log')

async function cargo(args, stdio) {
  const [code] = await once(
    spawn('cargo', ['test', '--locked', ...args], { cwd: ROOT, stdio }),
    'close'
  )
  return code === 0
}

/** Whether they pass. Compiling is seen as it goes on, failures when all have run. */
async function testRust() {
  if (!(await cargo(['--no-run'], 'inherit'))) {
    add({ failed: 'does not compile', file: 'cargo test' })
    return false
  }
  const log = fs.openSync(LOG, 'w')
  const isRight = await cargo(['--no-fail-fast'], ['ignore', log, log])
  fs.closeSync(log)
  const text = fs.readFileSync(LOG, 'utf8')
  for (const { file, seconds, passed } of targetsOf(text)) {
    console.log(`${file}: ${passed} passed (${seconds} s)`)
    add({ file, seconds, passed })
  }
  const failed = failuresOf(text)
  for (const failure of failed) add(failure)
  if (!isRight) {
    if (failed.length === 0) add({ failed: 'ended before its tests did', file: 'cargo test' })
    console.log(text)
  }
  return isRight
}

// Each target's part of what cargo prints, by the name of its file.
function parts(text) {
  return text
    .split(/^ +(?=Running |Doc-tests )/m)
    .slice(1)
    .map((part) => [/^(?:Running (?:unittests )?|Doc-tests )(\S+)/.exec(part)[1], part])
}

function targetsOf(text) {
  return parts(text).map(([file, part]) => {
    const [, passed = 0, seconds = 0] = /: .*?(\d+) passed.* in ([\d.]+)s$/m.exec(part) ?? []
    return { file, passed: Number(passed), seconds: Number(seconds) }
  })
}

function failuresOf(text) {
  return parts(text).flatMap(([file, part]) =>
    [...part.matchAll(/^test (.+) \.\.\. FAILED$/gm)].map(([, failed]) => ({ failed, file }))
  )
}

module.exports = { failuresOf, targetsOf, testRust }
