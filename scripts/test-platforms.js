// Builds the addon of each platform from a clean checkout of what is committed, checks what it needs of a system, and runs
// it wherever something on this machine can: natively, under an emulator, beside musl.
//
//   npm run test:platforms [-- --fast] [linux-x64-musl …]     without names: all that can be linked here
//
// --fast: without link-time optimization, for a quick look. Downloads and builds stay in target/platforms/. It needs
// Debian's apt-get and dpkg, Python's pip, and readelf, on Linux x64.
'use strict'

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { PLATFORMS, platformOf } = require('./platforms/list')
const { build } = require('./platforms/build')
const { CACHE } = require('./platforms/downloads')
const { needsOf, excessOf } = require('./platforms/needs')
const { RUNNERS } = require('./platforms/runners')
const { zigProgram } = require('./platforms/toolchain')
const windows = require('./platforms/windows')

const ROOT = path.resolve(__dirname, '..')
const SMOKE = path.join(__dirname, 'platforms/smoke.js')
const WORKED = 7
const SMOKE_MS = 180_000
const QUICK = { CARGO_PROFILE_RELEASE_LTO: 'off', CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16' }

function checkOut() {
  const place = path.join(CACHE, 'checkout')
  fs.rmSync(place, { recursive: true, force: true })
  execFileSync('git', ['clone', '--quiet', '--shared', ROOT, place], { stdio: 'inherit' })
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(place, 'node_modules'))
  return place
}

// Not to be taken for the work of this run.
function removeAddons(checkout) {
  for (const name of fs.readdirSync(checkout)) {
    if (name.endsWith('.node')) fs.rmSync(path.join(checkout, name))
  }
}

function smoke(platform, checkout) {
  const { command, env, under } = RUNNERS[platform.run]()
  const [program, ...args] = command
  // A file: under Wine, Node.js cannot write to a pipe of Linux.
  const output = path.join(CACHE, `${platform.name}.txt`)
  const file = fs.openSync(output, 'w')
  const { status } = spawnSync(program, [...args, SMOKE, checkout], {
    env: { ...process.env, ...env },
    stdio: ['ignore', file, file],
    timeout: SMOKE_MS
  })
  fs.closeSync(file)
  console.log(fs.readFileSync(output, 'utf8'))
  return `${status === WORKED ? 'passed' : 'failed'} (${under})`
}

const isFailure = (text) => /^(failed|needs )/.test(text)

/** A row of the table: what became of building, of what it needs, and of running. */
function attempt(platform, checkout, isFast) {
  const row = { platform: platform.name, built: '-', needs: '-', ran: '-' }
  removeAddons(checkout)
  const isWindows = platform.needs.windows
  const env = {
    CARGO_TARGET_DIR: path.join(CACHE, 'target'),
    ...(isFast && QUICK),
    ...(isWindows && windows.linker(zigProgram()).env)
  }
  if (!build(platform, { root: checkout, zig: !isWindows, env })) return { ...row, built: 'failed' }
  const addon = path.join(checkout, `bittorrent-udp-tracker.${platform.name}.node`)
  row.built = `${Math.round(fs.statSync(addon).size / 1024)} KiB`
  const excess = excessOf(addon, platform.needs)
  const { glibc, macos, libraries } = needsOf(addon)
  const least = glibc ? `glibc ${glibc}` : macos ? `macOS ${macos}` : libraries.join(' ')
  row.needs = excess.length > 0 ? `needs ${excess.join(', ')}` : least
  if (platform.run) row.ran = smoke(platform, checkout)
  return row
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { fast: { type: 'boolean' } }
  })
  const wanted =
    positionals.length > 0
      ? positionals.map(platformOf)
      : PLATFORMS.filter(({ zig, run }) => zig || run)
  const checkout = checkOut()
  const rows = []
  for (const platform of wanted) {
    console.log(`\n== ${platform.name}`)
    rows.push(attempt(platform, checkout, values.fast))
    console.log(Object.values(rows.at(-1)).join(' | '))
  }
  console.table(rows)
  const failed = rows.filter(({ built, needs, ran }) => [built, needs, ran].some(isFailure))
  if (failed.length > 0) {
    console.error(`failed: ${failed.map(({ platform }) => platform).join(', ')}`)
    process.exitCode = 1
  }
}

main()
