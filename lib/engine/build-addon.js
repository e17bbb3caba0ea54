// Builds the addon of this machine from the sources beside it, in a checkout (`npm run build`) and in an installed package,
// where addon.js names the command if it finds none:
//
//   node node_modules/bittorrent-udp-tracker/lib/engine/build-addon.js [--dev] [--target-dir DIR]
//
// --dev: in cargo's dev profile, as the tests want it. Without --target-dir what the compiler leaves behind, some 170 MB, goes
// into a temporary folder and away again. It needs cargo and a linker and nothing else.
'use strict'

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { NAME, ROOT, platforms } = require('./addon.js')

const NEEDED = /^rust-version = "(.+)"$/m.exec(read('Cargo.toml'))[1]

function read(file) {
  return fs.readFileSync(path.join(ROOT, file), 'utf8')
}

/** What keeps this machine from building, as one line; `null` if nothing does. */
function obstacle() {
  const found = ['cargo', 'rustc'].map(version)
  if (found.every((text) => text !== null && isEnough(text))) return null
  const [missing] = ['cargo', 'rustc'].filter((_, index) => found[index] === null)
  const instead = missing
    ? `there is no ${missing}`
    : `this is ${found.find((text) => !isEnough(text))}`
  return `building ${NAME} needs Rust ${NEEDED} or later, and ${instead}: https://rustup.rs has it`
}

// The version that a program says it is, such as 1.95.0.
function version(program) {
  const { status, stdout } = spawnSync(program, ['--version'], { cwd: ROOT, encoding: 'utf8' })
  return (status === 0 && /\d+\.\d+\.\d+/.exec(stdout)?.[0]) || null
}

function isEnough(text) {
  const [major, minor] = text.split('.').map(Number)
  const [neededMajor, neededMinor] = NEEDED.split('.').map(Number)
  return major > neededMajor || (major === neededMajor && minor >= neededMinor)
}

/** Runs cargo; returns the path of the library, `null` if it was not built. */
function compile(isDev, targetDir) {
  const args = ['build', '--locked', '--lib', '--target-dir', targetDir]
  const format = '--message-format=json-render-diagnostics' // what is wrong goes to stderr, in words
  const { status, stdout } = spawnSync(
    'cargo',
    [...args, ...(isDev ? [] : ['--release']), format],
    { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] }
  )
  if (status !== 0) return null
  const files = stdout
    .split('\n')
    .filter((line) => line.startsWith('{"reason":"compiler-artifact"'))
    .map((line) => JSON.parse(line))
    .filter(({ target }) => target.kind.includes('cdylib'))
    .flatMap(({ filenames }) => filenames)
  return files.find((file) => /\.(so|dylib|dll)$/.test(file))
}

// A process may have the old file loaded, which must stay as it is: the new one takes its name.
function install(library) {
  const addon = path.join(ROOT, `${NAME}.${platforms()[0]}.node`)
  const beside = `${addon}.new`
  fs.copyFileSync(library, beside)
  fs.renameSync(beside, addon)
}

function main(args) {
  const reason = obstacle()
  if (reason !== null) {
    console.error(reason)
    return 1
  }
  const chosen = args.indexOf('--target-dir')
  // A folder that cargo was told already is kept.
  const kept = chosen < 0 ? process.env.CARGO_TARGET_DIR : args[chosen + 1]
  const folder = kept || fs.mkdtempSync(path.join(os.tmpdir(), `${NAME}-build-`))
  try {
    const library = compile(args.includes('--dev'), path.resolve(folder))
    if (library === null) return 1
    install(library)
    return 0
  } finally {
    if (!kept) fs.rmSync(folder, { recursive: true, force: true })
  }
}

process.exitCode = main(process.argv.slice(2))
