// What keeps a machine from building the addon is said in one line, before anything is built.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, withShell } = require('./support/child.js')

const { scripts } = require('../package.json')
const [, NEEDED] = /^rust-version = "(.+)"$/m.exec(
  fs.readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8')
)

// A folder with programs that do nothing but say their version, or fail.
function programs(t, versions) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'programs-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  for (const [name, version] of Object.entries(versions)) {
    const says = version === null ? 'exit 1' : `echo "${name} ${version} (abcdef 2020-01-01)"`
    const built = `echo "${name} was run" >&2; exit 1`
    const script = `#!/bin/sh\nif [ "$1" = --version ]; then ${says}; else ${built}; fi\n`
    fs.writeFileSync(path.join(folder, name), script, { mode: 0o755 })
  }
  return folder
}

/** Runs a command of package.json with these versions of cargo and rustc, and no others. */
function run(t, script, versions) {
  const bin = path.join(ROOT, 'node_modules/.bin')
  const folders = [programs(t, versions), path.dirname(process.execPath), '/usr/bin', '/bin']
  const [program, ...args] = script.split(' && ')[0].split(' ')
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, PATH: [...folders, bin].join(path.delimiter), RUSTC: undefined }
  })
  return { status, output: stdout + stderr }
}

const NONE = { cargo: null, rustc: null }
const needs = `building bittorrent-udp-tracker needs Rust ${NEEDED} or later`
const COMMANDS = {
  'npm run build': scripts.build,
  'npm test': scripts.test,
  'lib/engine/build-addon.js': 'node lib/engine/build-addon.js'
}

for (const [name, script] of Object.entries(COMMANDS)) {
  describe(name, withShell, () => {
    for (const [what, versions, found] of [
      ['no Rust', NONE, 'there is no cargo'],
      ['a rustc alone', { cargo: null, rustc: '1.95.0' }, 'there is no cargo'],
      ['an old Rust', { cargo: '1.70.0', rustc: '1.70.0' }, 'this is 1.70.0'],
      ['an old rustc', { cargo: '1.95.0', rustc: '1.87.0' }, 'this is 1.87.0']
    ]) {
      test(`with ${what} says what is needed, and no more`, (t) => {
        assert.deepEqual(run(t, script, versions), {
          status: 1,
          output: `${needs}, and ${found}: https://rustup.rs has it\n`
        })
      })
    }
  })
}

test('the demo begins with the build', () => {
  const build = scripts.build.replace('--target-dir', '--dev --target-dir')
  assert.equal(scripts.demo, `${build} && node examples/demo.js`)
})

test('a version that is later is enough', withShell, (t) => {
  for (const version of [`${NEEDED}.0`, '1.100.0', '2.0.0-nightly']) {
    const { output } = run(t, scripts.build, { cargo: version, rustc: version })
    assert.equal(output, 'cargo was run\n', version)
  }
})
