// `node --import bittorrent-udp-tracker/register` on programs that load bittorrent-tracker in every way there is, on a
// Node.js with Module.registerHooks and on those without.
'use strict'

const assert = require('node:assert/strict')
const { execFile, spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { describe, test } = require('node:test')
const { promisify } = require('node:util')
const { startScriptedTracker } = require('../../__test__/support/scripted-tracker.js')
const { programOf } = require('../../scripts/runtimes.js')

const ROOT = path.resolve(__dirname, '../..')
const REGISTER = path.join(ROOT, 'lib/bittorrent-tracker/register')
const LIMIT_MS = 60_000

const RUNTIMES = {
  'Node.js 18': () => programOf('node18'),
  'Node.js 22': () => programOf('node22'),
  'Node.js 26': () => programOf('node26'),
  'this Node.js': () => process.execPath
}

// Announces once with each of `clients`, an array of classes.
const announceAll = `
  for (const [Client, isOld] of clients) {
    const torrent = { infoHash: '00'.repeat(20), announce: process.env.TRACKER_URL }
    const client = isOld
      ? new Client(Buffer.alloc(20), 6881, torrent, {})
      : new Client({ ...torrent, peerId: '11'.repeat(20), port: 6881, wrtc: false })
    client.on('warning', (err) => console.log(err.message))
    client.on('update', () => console.log('update'))
    client.start()
  }
`
const importing = (names) => ({
  type: 'module',
  code: [
    ...names.map((name, i) => `import Client${i} from '${name}'`),
    `const clients = [${names.map((name, i) => `[Client${i}, ${name.endsWith('-7')}]`)}]`,
    announceAll
  ].join('\n')
})
const requiring = (names) => ({
  type: 'commonjs',
  code: [
    `const of = (loaded) => loaded.default || loaded`,
    `const clients = [${names.map((name) => `[of(require('${name}')), ${name.endsWith('-7')}]`)}]`,
    announceAll
  ].join('\n')
})

const name = (version) => `bittorrent-tracker-${version}`

const PROGRAMS = {
  'imports an ES module': importing([name(11)]),
  'imports CommonJS': importing([name(9)]),
  'imports CommonJS of version 7': importing([name(7)]),
  'imports five copies': importing([7, 8, 9, 10, 11].map(name)),
  'requires CommonJS': requiring([name(9)]),
  'requires three copies': requiring([7, 8, 9].map(name))
}
const ANNOUNCES = { 'imports five copies': 5, 'requires three copies': 3 }

const REQUIRES_ES_MODULE = requiring(['./node_modules/bittorrent-tracker-11/index.js'])

async function run(t, { execPath, args, type, code, cwd = __dirname }) {
  const tracker = await startScriptedTracker(t)
  const count = ['--require', path.join(__dirname, 'support/count.js')]
  const all = [...args, ...count, '--no-deprecation', `--input-type=${type}`, '--eval', code]
  const env = { ...process.env, TRACKER_URL: tracker.url, NODE_OPTIONS: '' }
  const child = spawn(execPath, all, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
  const output = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8').on('data', (text) => (output[stream] += text))
  }
  const [exitCode, signal] = await once(child, 'close')
  clearTimeout(limit)
  return { ...output, end: signal || exitCode }
}

const said = (requests, updates = requests) => ({
  stdout: 'update\n'.repeat(updates),
  stderr: `# ${requests} requests through the engine\n`,
  end: 0
})

for (const [runtime, programOfRuntime] of Object.entries(RUNTIMES)) {
  describe(runtime, { concurrency: 2 }, () => {
    for (const [title, program] of Object.entries(PROGRAMS)) {
      test(`--import, and a program that ${title}`, async (t) => {
        const args = ['--import', pathToFileURL(`${REGISTER}.mjs`).href]
        const result = await run(t, { execPath: programOfRuntime(), args, ...program })
        assert.deepEqual(result, said(ANNOUNCES[title] || 1))
      })
    }

    test('--require, and a program that requires CommonJS', async (t) => {
      const args = ['--require', `${REGISTER}.js`]
      const program = PROGRAMS['requires CommonJS']
      const result = await run(t, { execPath: programOfRuntime(), args, ...program })
      assert.deepEqual(result, said(1))
    })

    test('--require, and a program that imports an ES module', async (t) => {
      const args = ['--require', `${REGISTER}.js`]
      const program = PROGRAMS['imports an ES module']
      const result = await run(t, { execPath: programOfRuntime(), args, ...program })
      assert.deepEqual(result, said(1))
    })

    test('without it, none goes through the engine', async (t) => {
      const program = PROGRAMS['imports five copies']
      const result = await run(t, { execPath: programOfRuntime(), args: [], ...program })
      assert.deepEqual(result, said(0, 5))
    })
  })
}

test('an ES module that is required', async (t) => {
  const args = ['--import', pathToFileURL(`${REGISTER}.mjs`).href]
  const execPath = programOf('node22')
  const result = await run(t, { execPath, args, ...REQUIRES_ES_MODULE })
  assert.match(result.stderr, /# 1 requests/)
  assert.deepEqual([result.stdout, result.end], ['update\n', 0])
})

// Other runtimes have it in a project of its own, where Deno takes `.js` for CommonJS.
function otherProject(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'register-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  const modules = path.join(folder, 'node_modules')
  for (const each of ['lib', 'index.js', 'index.mjs', 'package.json']) {
    const to = path.join(modules, 'bittorrent-udp-tracker', each)
    fs.cpSync(path.join(ROOT, each), to, { recursive: true })
  }
  for (const version of [9, 11]) {
    const theirs = path.join(__dirname, 'node_modules', name(version))
    fs.symlinkSync(theirs, path.join(modules, name(version)), 'junction')
  }
  const ours = `process.once('exit', () => {
    console.log(require('bittorrent-udp-tracker').stats().requests, 'through the engine')
  })\n`
  const requireOf = `import { createRequire } from 'node:module'
    const require = createRequire(import.meta.url)\n`
  const files = {
    'package.json': '{}',
    'app.cjs': ours + requiring([name(9)]).code,
    'app.mjs': requireOf + ours + importing([name(9), name(11)]).code
  }
  for (const [file, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, file), text)
  return {
    folder,
    register: path.join(modules, 'bittorrent-udp-tracker/lib/bittorrent-tracker/register')
  }
}

async function runOn(t, runtime, option, suffix, app) {
  const tracker = await startScriptedTracker(t)
  const { folder, register } = otherProject(t)
  const run = runtime === 'deno' ? ['run', '--allow-all', '--no-check'] : []
  const addon = fs.readdirSync(ROOT).find((file) => file.endsWith('.node'))
  const env = { TRACKER_URL: tracker.url, NAPI_RS_NATIVE_LIBRARY_PATH: path.join(ROOT, addon) }
  return promisify(execFile)(programOf(runtime), [...run, option, register + suffix, app], {
    cwd: folder,
    timeout: LIMIT_MS,
    env: { ...process.env, ...env }
  })
}

describe('on another runtime it replaces, or says that it does not:', () => {
  test('Deno, by --preload and --require, what is imported and what is required', async (t) => {
    for (const [option, suffix] of [
      ['--require', '.js'],
      ['--preload', '.mjs']
    ]) {
      const required = await runOn(t, 'deno', option, suffix, 'app.cjs')
      assert.equal(required.stdout, 'update\n1 through the engine\n', required.stderr)
      const imported = await runOn(t, 'deno', option, suffix, 'app.mjs')
      assert.equal(imported.stdout, 'update\nupdate\n2 through the engine\n', imported.stderr)
    }
  })

  test('Bun, by --preload, what is required, and a warning of what is imported', async (t) => {
    const { stdout, stderr } = await runOn(t, 'bun', '--preload', '.mjs', 'app.cjs')
    assert.equal(stdout, 'update\n1 through the engine\n')
    assert.equal(stderr.match(/nothing that is imported: use patch/g).length, 1)
  })
})

describe('anything but bittorrent-tracker 7 to 11 stays as it is', () => {
  const packages = {
    'a later version of it': { name: 'bittorrent-tracker', version: '12.0.0' },
    'a package of another name': { name: 'another-tracker', version: '9.0.0' },
    'a folder that is no package': null
  }
  for (const [title, manifest] of Object.entries(packages)) {
    for (const runtime of ['Node.js 18', 'Node.js 22']) {
      test(`${title}, on ${runtime}`, async (t) => {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'register-'))
        t.after(() => fs.rmSync(folder, { recursive: true }))
        fs.mkdirSync(path.join(folder, 'lib/client'), { recursive: true })
        fs.writeFileSync(
          path.join(folder, 'lib/client/udp-tracker.js'),
          "module.exports = 'as it is'"
        )
        if (manifest) fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest))

        const args = ['--import', pathToFileURL(`${REGISTER}.mjs`).href]
        const code = "console.log(require('./lib/client/udp-tracker.js'))"
        const execPath = RUNTIMES[runtime]()
        const result = await run(t, { execPath, args, type: 'commonjs', code, cwd: folder })
        assert.equal(result.stdout, 'as it is\n')
        const warns = /bittorrent-tracker 12.0.0 in .* is left as it is/.test(result.stderr)
        assert.equal(warns, title === 'a later version of it', result.stderr)
      })
    }
  }
})
