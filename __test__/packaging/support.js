// Empty projects outside the checkout that install what would be published, and run the README's examples.
'use strict'

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { packAll } = require('../../scripts/pack.js')
const { codeBlocks, printed } = require('../support/markdown.js')
const { DEMO, demoScript } = require('../support/example-tracker.js')
const { startScriptedTracker } = require('../support/scripted-tracker.js')
const { startRegistry } = require('./registry.js')

const ROOT = path.resolve(__dirname, '../..')
const NAME = 'bittorrent-udp-tracker'
const IS_WINDOWS = process.platform === 'win32'

const README = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8')
const EXAMPLES = codeBlocks(README).filter(({ language }) => language === 'js')
const [COMMONJS, ESM] = EXAMPLES.map(({ text }) => text)

// npm within a script of npm hears of that script's settings, which are not those of the projects here.
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(
    ([key]) => !/^(npm_|INIT_CWD$|NODE_|CARGO_TARGET_DIR$)/i.test(key)
  )
)

function temporaryFolder(t, name) {
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), `${name}-`))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

// Packs the checkout. A platform whose addon was not built here gets a file without content in its place, so that what a
// package manager picks for that platform can be looked at.
function packages(t) {
  const out = temporaryFolder(t, 'packed')
  return packAll({ out, placeholders: true })
}

/** {code, stdout, stderr} of a program; `shell` for what is a script on Windows. */
function run(program, args, { cwd, env, shell = IS_WINDOWS && program === 'npm' }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...ENVIRONMENT, ...env }, shell })
    const output = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (text) => (output[name] += text))
    }
    child.once('error', reject).once('close', (code) => resolve({ code, ...output }))
  })
}

async function succeed(program, args, options) {
  const result = await run(program, args, options)
  if (result.code !== 0) {
    throw new Error(
      `${program} ${args.join(' ')}: ${result.code}\n${result.stdout}${result.stderr}`
    )
  }
  return result
}

/** A project with a package.json and nothing else, and a registry that has our packages alone. */
async function emptyProject(t, published) {
  const folder = temporaryFolder(t, 'project')
  fs.writeFileSync(path.join(folder, 'package.json'), '{"name":"application","private":true}\n')
  const registry = await startRegistry(t, published)
  // The cache of the user may have other packages of the same name and version.
  const env = {
    npm_config_cache: temporaryFolder(t, 'cache'),
    BUN_INSTALL_CACHE_DIR: temporaryFolder(t, 'cache')
  }
  const npmInstall = (...args) =>
    succeed('npm', ['install', NAME, '--ignore-scripts', `--registry=${registry.url}`, ...args], {
      cwd: folder,
      env
    })
  return { folder, registry, env, npmInstall }
}

function installed(folder) {
  const modules = path.join(folder, 'node_modules')
  const inside = (name) => fs.readdirSync(path.join(modules, name)).map((one) => `${name}/${one}`)
  return fs
    .readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => (name.startsWith('@') ? inside(name) : [name]))
    .sort()
}

/** Runs an example in a project against a tracker on loopback: {code, stdout, stderr}. */
async function runExample(t, folder, example, runtime = [process.execPath], env = {}) {
  const tracker = await startScriptedTracker(t, demoScript())
  const file = path.join(folder, example === ESM ? 'example.mjs' : 'example.cjs')
  const host = tracker.url.replace('udp://', '')
  fs.writeFileSync(file, example.replaceAll(DEMO, host))
  return run(runtime[0], [...runtime.slice(1), file], { cwd: folder, env })
}

/** What an example has to do. */
const asItSays = (example) => ({ code: 0, stdout: printed(example), stderr: '' })

module.exports = {
  ROOT,
  NAME,
  COMMONJS,
  ESM,
  packages,
  emptyProject,
  installed,
  run,
  runExample,
  succeed,
  asItSays,
  temporaryFolder
}
