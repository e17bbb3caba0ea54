// The platforms stand in one list, and what npm is told, what the release workflow builds and what it tests agree with it:
// every package that is published was built by the command that `npm run test:platforms` tries, and run where it is for.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('./support/child.js')
const { PLATFORMS, CHECKED, platformOf } = require('../scripts/platforms/list.js')
const { commandFor } = require('../scripts/platforms/build.js')

const BUILD_STEP = 'node scripts/platforms/build.js ${{ matrix.target }} ${{ matrix.how }}'
const read = (file) => fs.readFileSync(path.join(ROOT, file), 'utf8')
const workflow = read('.github/workflows/release.yml')

// The text of each job of the workflow.
const jobs = Object.fromEntries(
  workflow
    .slice(workflow.indexOf('\njobs:\n') + '\njobs:\n'.length)
    .split(/^ {2}(?=[\w-]+:$)/m)
    .filter((text) => text.trim() !== '')
    .map((text) => [text.slice(0, text.indexOf(':')), text])
)

// The rows of a job's matrix, which are flow mappings: `- { target: x, runner: y }`.
function matrixOf(job) {
  return [...jobs[job].matchAll(/^ +- \{([^}]*)\}/gm)].map(([, row]) =>
    Object.fromEntries(
      [...row.matchAll(/([\w-]+): ([^\s,]+)/g)].map(([, key, value]) => [key, value])
    )
  )
}

const targetsOf = (rows) => rows.map(({ target }) => target).sort()
const everyTarget = targetsOf(PLATFORMS)

test('the addon of each platform is loaded out of its package, and the licences of its crates are checked', () => {
  const loader = read('lib/engine/addon.js')
  const cases = loader.matchAll(
    /case '(.+)':\n +return require\('@bittorrent-udp-tracker\/(.+)'\)/g
  )
  const names = PLATFORMS.map(({ name }) => name).sort()
  const loaded = [...cases].map(([, name, required]) => (name === required ? name : required))
  assert.deepEqual(loaded.sort(), names)
  const [, targets] = /^targets = \[([^\]]*)\]/m.exec(read('deny.toml'))
  assert.deepEqual([...targets.matchAll(/"(.+)"/g)].map(([, target]) => target).sort(), everyTarget)
})

test('the release builds each platform, and tests each where it can run', () => {
  assert.deepEqual(targetsOf(matrixOf('build')), everyTarget)
  const tested = [...matrixOf('test'), ...matrixOf('test-linux')]
  assert.deepEqual(targetsOf(tested), everyTarget)
  assert.match(jobs.publish, /^ {4}needs: \[build-portable, test, test-linux\]$/m)
})

test('the release builds with the command of the list, on Linux with zig', () => {
  const steps = [...jobs.build.matchAll(/^ +- run: (.*)$/gm)].map(([, command]) => command)
  assert.deepEqual(steps, ['npm ci --ignore-scripts', BUILD_STEP])
  for (const { target, runner, how } of matrixOf('build')) {
    const isCross = runner.startsWith('ubuntu')
    assert.equal(how, isCross ? '--zig' : undefined, target)
    assert.equal(/-(linux|freebsd)-/.test(target), isCross, target)
    commandFor(platformOf(target), { zig: isCross })
  }
  assert.match(
    jobs['build-portable'],
    /run: npm run build:portable\n +- run: npm run test:portable\n/
  )
  for (const other of Object.keys(jobs).filter((job) => !job.startsWith('build'))) {
    assert.doesNotMatch(jobs[other], /napi build|npm run build|build\.js/, other)
  }
})

// What a build is made with, apart from the system of GitHub's machine: each has one version.
test('a build of the release fetches nothing but what a lock file or a version names', () => {
  const actions = [...jobs.build.matchAll(/^ +- uses: (.*)$/gm)].map(([, action]) => action)
  const known =
    /^(actions\/(checkout|setup-node|upload-artifact)|dtolnay\/rust-toolchain)@[0-9a-f]{40} # v?\d+\.\d+\.\d+$/
  for (const action of actions) assert.match(action, known)
  const names = fs
    .readdirSync(path.join(ROOT, 'scripts/platforms'))
    .filter((name) => name.endsWith('.txt'))
  assert.ok(names.includes('requirements.txt'))
  for (const name of names) {
    const text = fs.readFileSync(path.join(ROOT, 'scripts/platforms', name), 'utf8')
    const lines = text.replaceAll('\\\n', ' ').split('\n')
    const wanted = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'))
    assert.ok(wanted.length > 0, name)
    for (const line of wanted) assert.match(line, /^[\w-]+==[\d.]+( +--hash=sha256:[0-9a-f]{64})+$/)
  }
})

test('a build for a platform is of the lock file, and with zig for the oldest C library', () => {
  const { target, zig } = platformOf('linux-x64-gnu')
  const options = [...['build', '--platform', '--release'], ...['--no-js', '--dts', 'binding.d.ts']]
  const own = [...options, '--output-dir', 'out', '--target']
  const locked = ['--', '--locked']
  assert.deepEqual(commandFor(platformOf(target), { out: 'out' }), [...own, target, ...locked])
  assert.deepEqual(commandFor(platformOf(target), { out: 'out', zig: true }), [
    ...[...own, zig, '-x', ...locked]
  ])
})

test('a target that is only checked is not listed as a platform', () => {
  for (const target of CHECKED) assert.throws(() => platformOf(target), /there is no/)
})

test('Windows needs no C runtime that is not part of it', () => {
  const config = fs.readFileSync(path.join(ROOT, '.cargo/config.toml'), 'utf8')
  assert.match(config, /target_env = "msvc".*\nrustflags = .*"target-feature=\+crt-static"/)
})
