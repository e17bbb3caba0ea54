// What the lock files have to promise: nothing of npm's is needed at run time, every package that is downloaded has the
// hash it must have, nothing names a machine's registry, and a crate comes from crates.io with its checksum and is the one
// that Cargo.toml wants.
'use strict'

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '..')
const read = (file) => fs.readFileSync(path.join(root, file), 'utf8')
const findings = []
const expect = (holds, finding) => holds || findings.push(finding)

const { dependencies = {} } = JSON.parse(read('package.json'))
expect(
  Object.keys(dependencies).length === 0,
  `package.json: dependencies ${Object.keys(dependencies)}`
)

const LOCK_FILES = [
  '.',
  'compat',
  'compat/bittorrent-tracker',
  'bench',
  '__test__/bundlers',
  '__test__/fake-timers',
  '__test__/release'
].map((folder) => path.posix.join(folder, 'package-lock.json'))

for (const file of LOCK_FILES) {
  const { packages } = JSON.parse(read(file))
  for (const [where, { integrity = '', link = false, resolved = '' }] of Object.entries(packages)) {
    // What lies in this repository is no download.
    if (!where.includes('node_modules/') || link || resolved.startsWith('file:')) continue
    expect(integrity.startsWith('sha512-'), `${file}: ${where} has no SHA-512`)
    expect(resolved === '', `${file}: ${where} comes from ${resolved}`)
  }
}

for (const file of ['Cargo.lock', 'fuzz/Cargo.lock']) {
  const manifest = path.join(root, path.dirname(file), 'Cargo.toml')
  const args = ['metadata', '--locked', '--format-version', '1', '--manifest-path', manifest]
  const { status, stderr } = spawnSync('cargo', args, { encoding: 'utf8', maxBuffer: 1 << 27 })
  expect(status === 0, `${file}: ${stderr}`)
  for (const crate of read(file).split('[[package]]').slice(1)) {
    const name = /name = "(.*)"/.exec(crate)[1]
    const source = /source = "(.*)"/.exec(crate)
    if (name.startsWith('bittorrent-udp-tracker') && source === null) continue
    const isCratesIo =
      source !== null && source[1] === 'registry+https://github.com/rust-lang/crates.io-index'
    expect(isCratesIo, `${file}: ${name} does not come from crates.io`)
    expect(/checksum = "[0-9a-f]{64}"/.test(crate), `${file}: ${name} has no checksum`)
  }
}

for (const finding of findings) console.error(finding)
if (findings.length > 0) process.exitCode = 1
else console.log('lock files: hashes everywhere, nothing at run time')
