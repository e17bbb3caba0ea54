// What `npm test` says at its end: what failed, by name, and what was skipped for want of a program.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT } = require('./support/child.js')
const { PROGRAMS, needs } = require('./support/needs.js')
const { read, summaryOf } = require('../scripts/test/record.js')
const { failuresOf, targetsOf } = require('../scripts/test/rust.js')

const REPORTER = path.join(ROOT, 'scripts/test/reporter.js')

/** Runs a file of tests under the reporter: what it prints, and what is in the record. */
function report(t, code) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'report-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'some.test.js')
  fs.writeFileSync(file, `const { test, describe } = require('node:test')\n${code}`)
  const record = path.join(folder, 'record')
  const env = { ...process.env, TEST_RECORD: record, NODE_TEST_CONTEXT: undefined }
  const args = ['--test', `--test-reporter=${REPORTER}`, file]
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8', env })
  return { stdout, status, entries: read(record) }
}

const ended = (entries) => summaryOf(entries).map((line) => line.replace(/ \S*some\.test\.js/, ''))

describe('the end of a run', () => {
  test('is one line where all passed', (t) => {
    const { status, stdout, entries } = report(t, `test('a', () => {}); test('b', () => {})`)
    assert.equal(status, 0)
    assert.match(stdout, /^\S+some\.test\.js: 2 passed \(\d+\.\d s\)\n$/)
    assert.deepEqual(ended(entries), ['passed: all of 2 tests'])
  })

  test('names what failed, within its group, once', (t) => {
    const code = `describe('group', () => { test('inner', () => { throw new Error('boom') }) })
      test('outer', () => { require('assert').equal(1, 2) })
      test('right', () => {})`
    const { status, stdout, entries } = report(t, code)
    assert.equal(status, 1)
    assert.match(stdout, /✖ \S+: group > inner\n +Error: boom/)
    assert.deepEqual(ended(entries), ['failed: 2, passed: 1', ' : group > inner', ' : outer'])
  })

  test('names a file that ends before its tests do, with what it printed', (t) => {
    const { status, stdout, entries } = report(t, `throw new Error('no such module')`)
    assert.equal(status, 1)
    assert.match(stdout, /no such module/)
    assert.deepEqual(ended(entries), ['failed: 1, passed: 0', ' : the file as a whole'])
  })

  test('names the programs that skipped tests need, and how to get them', (t) => {
    const code = `test('a', { skip: 'needs tmux' }, () => {})
      test('b', { skip: 'needs strace; tmux' }, () => {})
      describe('c', { skip: 'Windows has no signals' }, () => {})`
    const { status, entries } = report(t, code)
    assert.equal(status, 0)
    assert.deepEqual(ended(entries), [
      'skipped: 2 tests that need strace, tmux: bash .ci/trackers',
      'skipped: 1 test: Windows has no signals',
      'passed: all of 0 tests'
    ])
  })
})

test('cargo says which of its targets a test that failed is in', () => {
  const log = `    Finished \`test\` profile
     Running unittests src/lib.rs (target/debug/deps/x-1)

running 2 tests
test proto::a ... ok
test proto::b ... FAILED

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.05s

     Running tests/network/main.rs (target/debug/deps/network-1)
test loss::c ... ok
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 12.00s
   Doc-tests bittorrent_udp_tracker
test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
`
  assert.deepEqual(failuresOf(log), [{ failed: 'proto::b', file: 'src/lib.rs' }])
  assert.deepEqual(targetsOf(log), [
    { file: 'src/lib.rs', passed: 1, seconds: 0.05 },
    { file: 'tests/network/main.rs', passed: 1, seconds: 12 },
    { file: 'bittorrent_udp_tracker', passed: 0, seconds: 0 }
  ])
})

test('what tests need is installed by .ci/trackers, or comes with the system', () => {
  const script = fs.readFileSync(path.join(ROOT, '.ci/trackers'), 'utf8')
  for (const name of Object.keys(PROGRAMS)) {
    const [word] = name.split(' ')
    const isOfSystem = ['git', 'network'].includes(word)
    assert.ok(isOfSystem || script.includes(word), name)
    assert.equal(typeof PROGRAMS[name](), 'boolean')
    assert.match(String(needs(name)), new RegExp(`^(false|needs ${word})`))
  }
})
