// Builds the addon of each platform from a clean checkout of what is committed, checks what it needs of a system, and runs
// it wherever something on this machine can: natively, under an emulator, beside musl. On a big-endian processor, linux-s390x, it
// runs the portable engine, as it was built in this checkout.
//
//   npm run test:platforms [-- --fast] [-- --portable] [linux-x64-musl …]     without names: all of them
//
// --portable: also runs the portable tests. --fast: without link-time optimization, for a quick look. Downloads, builds and
// what was printed stay in target/platforms/. It needs Debian's apt-get and dpkg, Python's pip, unshare and readelf, on
// Linux x64.
'use strict'

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { BIG_ENDIAN, PLATFORMS, platformOf } = require('./platforms/list.js')
const { addonOf, build } = require('./platforms/build.js')
const { CACHE } = require('./platforms/downloads.js')
const { needsOf, excessOf } = require('./platforms/needs.js')
const { RUNNERS } = require('./platforms/runners.js')
const { zigProgram } = require('./platforms/toolchain.js')
const windows = require('./platforms/windows.js')

const ROOT = path.resolve(__dirname, '..')
const SMOKE = path.join(__dirname, 'platforms/smoke.js')
const WORKED = 7
// On a processor of its own; an emulator has so many times more.
const SMOKE_MS = 60_000
const PORTABLE_MS = 900_000
// What says most of the portable engine: an emulator has not the time for all of it.
const PORTABLE_FILES = ['announce', 'datagrams', 'ping', 'scrape.test', 'wire']
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

// What a script does on the platform; what it prints is in target/platforms/.
function run(platform, name, args, timeout) {
  const { command, env, under, slowness = 1 } = RUNNERS[platform.run]()
  const [program, ...rest] = command
  // A file: under Wine, Node.js cannot write to a pipe of Linux.
  const output = path.join(CACHE, `${platform.name}-${name}.txt`)
  const file = fs.openSync(output, 'w')
  const { status } = spawnSync(program, [...rest, ...args], {
    env: { ...process.env, TEST_SLOWNESS: String(slowness), ...env },
    stdio: ['ignore', file, file],
    timeout: timeout * slowness
  })
  fs.closeSync(file)
  return { status, under, output, text: fs.readFileSync(output, 'utf8') }
}

function smoke(platform, checkout) {
  const { status, under, text } = run(platform, 'smoke', [SMOKE, checkout], SMOKE_MS)
  console.log(text)
  return `${status === WORKED ? 'passed' : 'failed'} (${under})`
}

// In the lines that scripts/test/reporter.js writes of the files.
const countOf = (text, what) =>
  [...text.matchAll(new RegExp(`^\\S+\\.test\\.js: .*?\\b(\\d+) ${what}\\b`, 'gm'))].reduce(
    (sum, [, count]) => sum + Number(count),
    0
  )

function testPortable(platform, checkout, [script, ...rest]) {
  const args = [path.join(checkout, 'scripts', script), ...rest]
  const { status, output, text } = run(platform, 'portable', args, PORTABLE_MS)
  const [passed, skipped, failed] = ['passed', 'skipped', 'FAILED'].map((what) =>
    countOf(text, what)
  )
  const counts = `${passed} passed, ${skipped} skipped, ${failed} failed`
  if (status === 0 && passed > 0 && failed === 0) return counts
  return `failed: ${counts} (${output})`
}

const named = (name) => (name === BIG_ENDIAN.name ? BIG_ENDIAN : platformOf(name))

const isFailure = (text) => /^(failed|needs )/.test(text)

/** A row of the table: what became of building, of what it needs, and of running. */
function attempt(platform, checkout, { fast, portable }) {
  const row = { platform: platform.name, built: '-', needs: '-', ran: '-', tests: '-' }
  removeAddons(checkout)
  const isWindows = platform.needs.windows
  const env = {
    CARGO_TARGET_DIR: path.join(CACHE, 'target'),
    ...(fast && QUICK),
    ...(isWindows && windows.linker(zigProgram(), platform.processor).env)
  }
  if (!build(platform, { root: checkout, zig: !isWindows, env })) return { ...row, built: 'failed' }
  const addon = addonOf(platform, checkout)
  row.built = `${Math.round(fs.statSync(addon).size / 1024)} KiB`
  const excess = excessOf(addon, platform.needs)
  const { glibc, macos, libraries } = needsOf(addon)
  const least = glibc ? `glibc ${glibc}` : macos ? `macOS ${macos}` : libraries.join(' ')
  row.needs = excess.length > 0 ? `needs ${excess.join(', ')}` : least
  if (platform.run) row.ran = smoke(platform, checkout)
  if (platform.run && portable)
    row.tests = testPortable(platform, checkout, ['test-runtimes.js', '--portable', 'current'])
  return row
}

// The same of the portable engine.
function attemptPortable(checkout, { portable }) {
  const row = { platform: BIG_ENDIAN.name, built: '-', needs: '-', ran: '-', tests: '-' }
  removeAddons(checkout)
  const core = 'lib/portable/core-bytes.js'
  if (!fs.existsSync(path.join(ROOT, core))) return { ...row, needs: 'needs build:portable' }
  fs.copyFileSync(path.join(ROOT, core), path.join(checkout, core))
  row.ran = smoke(BIG_ENDIAN, checkout)
  if (portable)
    row.tests = testPortable(BIG_ENDIAN, checkout, ['test-portable.js', ...PORTABLE_FILES])
  return row
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { fast: { type: 'boolean' }, portable: { type: 'boolean' } }
  })
  const wanted = positionals.length > 0 ? positionals.map(named) : [...PLATFORMS, BIG_ENDIAN]
  const checkout = checkOut()
  const rows = []
  for (const platform of wanted) {
    console.log(`\n== ${platform.name}`)
    rows.push(
      platform === BIG_ENDIAN
        ? attemptPortable(checkout, values)
        : attempt(platform, checkout, values)
    )
    console.log(Object.values(rows.at(-1)).join(' | '))
  }
  console.table(rows)
  const failed = rows.filter((row) => Object.values(row).some(isFailure))
  if (failed.length > 0) {
    console.error(`failed: ${failed.map(({ platform }) => platform).join(', ')}`)
    process.exitCode = 1
  }
}

main()
