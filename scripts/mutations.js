// Puts faults into the source, one at a time and in a copy, and says which of them no test notices: those of Rust, and for
// what JavaScript calls some of its tests too.
//
//   npm run test:mutations               all of scripts/mutations/
//   npm run test:mutations -- rtt.rs     those of a file; or whose text or meaning has one of these words
//
// A test that fails without any fault proves nothing, and is left out. More than three faults unnoticed are an error.
'use strict'

const { spawn, spawnSync } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { createInterface } = require('node:readline')

const ROOT = path.join(__dirname, '..')
const COPY = path.join(ROOT, '.scratch/mutations')
const NEEDED = ['Cargo.toml', 'Cargo.lock', 'build.rs', 'rustfmt.toml', 'src', 'tests', 'fuzz']
/**
 * The programs with the tests, and which of their tests. Without optimization a program is built in seconds; but the simulated
 * networks would then take minutes.
 */
const withoutBinding = ['--no-default-features']
const lib = (...only) => ({ target: ['--lib', ...withoutBinding], only, optimized: '0' })
const NETWORK = { target: ['--test', 'network', ...withoutBinding], only: [], optimized: '1' }
const CORPUS = { target: ['--test', 'corpus', ...withoutBinding], only: [], optimized: '1' }
const ENGINE = { target: ['--test', 'engine', ...withoutBinding], only: [], optimized: '0' }
const RECORDS = { target: ['--lib'], only: ['records', 'binding'], optimized: '0' }
/** The addon itself, and the files of JavaScript tests that load it. */
const ADDON = {
  target: ['the addon'],
  files: ['process', 'workers', 'many-outcomes', 'reload', 'promises', 'destroy'],
  optimized: '0'
}
/** Each folder's faults, and the programs that are to notice them, the quick ones first. */
const FOLDERS = [
  { folder: 'src/proto', list: 'proto', programs: [lib('proto'), NETWORK, CORPUS] },
  { folder: 'src/requests/names', list: 'hosts', programs: [lib('requests::names')] },
  { folder: 'src/requests', list: 'requests', programs: [lib('requests'), ENGINE] },
  { folder: 'src/net/names', list: 'names', programs: [lib('net::names')] },
  { folder: 'src/net', list: 'net', programs: [lib('net'), ENGINE] },
  { folder: 'src/records', list: 'records', programs: [RECORDS] },
  { folder: 'src/binding', list: 'binding', programs: [RECORDS, ADDON] }
].map((folder) => ({ ...folder, list: require(`./mutations/${folder.list}`) }))
/** The seeded networks are ten thousand; most of what they find shows in these. */
const SEEDS = process.env.SIMULATION_SEEDS || '300'
/** Longer than any run: a fault may make the client send for ever. */
const LONGEST_MS = 300_000
const MOST_UNNOTICED = 3

const words = process.argv.slice(2)
const isWanted = ({ folder }, mutation) =>
  words.length === 0 ||
  words.some((word) => [folder, ...mutation].some((text) => text.includes(word)))
const list = FOLDERS.flatMap((folder) =>
  folder.list
    .filter((mutation) => isWanted(folder, mutation))
    .map((mutation) => ({ ...folder, mutation }))
)

function copy() {
  for (const name of NEEDED) {
    if (!fs.existsSync(path.join(ROOT, name))) continue
    fs.rmSync(path.join(COPY, name), { recursive: true, force: true })
    fs.cpSync(path.join(ROOT, name), path.join(COPY, name), { recursive: true })
  }
}

const ENVIRONMENT = {
  ...process.env,
  CARGO_TARGET_DIR: path.join(COPY, 'target'),
  CARGO_PROFILE_DEV_DEBUG: '0',
  RUST_BACKTRACE: '0',
  SIMULATION_SEEDS: SEEDS
}
const OPTIONS = { cwd: COPY, env: ENVIRONMENT, encoding: 'utf8', maxBuffer: 1 << 28 }

/** Builds one program of tests and returns its path, `null` if the compiler refuses it. */
function build({ target, files, optimized }) {
  const what = files ? ['build', '--lib'] : ['test', '--no-run', ...target]
  const args = [...what, '--locked', '--message-format=json']
  const env = { ...ENVIRONMENT, CARGO_PROFILE_DEV_OPT_LEVEL: optimized }
  const { stdout, stderr, error } = spawnSync('cargo', args, { ...OPTIONS, env })
  if (error) throw error
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
  const messages = lines.map((line) => JSON.parse(line))
  const finished = messages.find(({ reason }) => reason === 'build-finished')
  if (!finished) throw new Error(stderr)
  if (!finished.success) return null
  if (!files) return messages.find(({ executable }) => executable).executable
  const addon = path.join(COPY, 'addon.node')
  const { filenames } = messages.findLast(({ target }) => target?.crate_types.includes('cdylib'))
  fs.copyFileSync(
    filenames.find((name) => /\.(so|dylib|dll)$/.test(name)),
    addon
  )
  return addon
}

/** Runs the tests of a built program, and returns those that failed: all of them, or some if there are any to be `skipped`. */
async function run(built, { only, files }, skipped) {
  return files ? runFiles(built, files, skipped) : runProgram(built, only, skipped ?? [])
}

/** The first to fail is enough for a fault: what never comes is waited for by one test after the other. */
async function runFiles(addon, files, skipped) {
  const args = ['--test', '--test-reporter=tap', ...files.map((name) => `__test__/${name}.test.js`)]
  const env = { ...process.env, NAPI_RS_NATIVE_LIBRARY_PATH: addon }
  const stdio = ['ignore', 'pipe', 'ignore']
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio, detached: true })
  const ended = once(child, 'exit')
  const longest = setTimeout(killGroup, LONGEST_MS, child)
  const failed = []
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name] = /^ *not ok \d+ - (.*)$/.exec(line) || []
    if (name === undefined || skipped?.includes(name)) continue
    failed.push(name)
    if (skipped) break
  }
  clearTimeout(longest)
  if (skipped && failed.length > 0) killGroup(child)
  const [code, signal] = await ended
  if (failed.length > 0) return failed
  if (signal) return ['(it never ends)']
  return code === 0 || skipped?.length > 0 ? [] : ['(it crashes)']
}

/** With all that a process has started, where there are groups of processes. */
function killGroup(child) {
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL')
  } catch (error) {
    // It has ended by itself.
    if (error.code !== 'ESRCH') throw error
  }
}

function runProgram(program, only, skipped) {
  const args = [...only, ...skipped.flatMap((name) => ['--skip', name])]
  const { stdout, error, status } = spawnSync(program, args, {
    ...OPTIONS,
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL'
  })
  if (error && error.code === 'ETIMEDOUT') return ['(it never ends)']
  if (error) throw error
  const failed = [...stdout.matchAll(/^test (\S+)(?: - should panic)? \.\.\. FAILED$/gm)].map(
    ([, name]) => name
  )
  return status === 0 || failed.length > 0 ? failed : ['(it crashes)']
}

/** By program, what fails without any fault. */
const failsAnyway = new Map()

/** What notices a fault, an empty list if nothing does. */
async function noticedBy({ folder, programs, mutation: [name, from, to] }) {
  const file = path.join(COPY, folder, name)
  const source = fs.readFileSync(file, 'utf8')
  if (source.split(from).length !== 2) return { stale: true }
  fs.writeFileSync(
    file,
    source.replace(from, () => to)
  )
  try {
    for (const program of programs) {
      const built = build(program)
      if (!built) return { stale: true }
      const failed = await run(built, program, failsAnyway.get(String(program.target)))
      if (failed.length > 0) return { failed }
    }
    return { failed: [] }
  } finally {
    fs.writeFileSync(file, source)
  }
}

async function main() {
  fs.mkdirSync(COPY, { recursive: true })
  copy()
  for (const program of new Set(list.flatMap(({ programs }) => programs))) {
    const failed = failsAnyway.get(String(program.target)) || []
    failsAnyway.set(String(program.target), [
      ...failed,
      ...(await run(build(program), program, null))
    ])
  }
  for (const name of [...failsAnyway.values()].flat())
    console.log(`fails without any fault: ${name}`)

  const unnoticed = []
  const stale = []
  for (const [n, entry] of list.entries()) {
    const { mutation } = entry
    const [file, from, , breaks] = mutation
    const began = Date.now()
    const { failed = [], stale: isStale } = await noticedBy(entry)
    const seconds = Math.round((Date.now() - began) / 1000)
    let outcome = `noticed by ${failed.length}, ${failed[0]}`
    if (isStale) {
      outcome = 'DOES NOT APPLY'
      stale.push(mutation)
    } else if (failed.length === 0) {
      outcome = 'UNNOTICED'
      unnoticed.push(mutation)
    }
    console.log(
      `${n + 1}/${list.length} ${file}: ${breaks} (${from.split('\n')[0]}): ${outcome}, ${seconds} s`
    )
  }
  console.log(
    `${list.length - unnoticed.length - stale.length} of ${list.length} noticed, ${stale.length} do not apply`
  )
  if (unnoticed.length > MOST_UNNOTICED || stale.length > 0) process.exitCode = 1
}

main()
