// How the addon is found, and what is said if it is not.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { promisify } = require('node:util')
const { ROOT } = require('./support/child.js')
const { ofNode } = require('./support/runtimes.js')

const ADDON = JSON.stringify(path.join(ROOT, 'lib/engine/addon.js'))
const [MAJOR] = process.versions.node.split('.').map(Number)

// The file and not its folder: for that, Node.js before 20.12 looks for files that it may not read.
const MAIN = JSON.stringify(path.join(ROOT, 'index.js'))

const announce = `
  const peerId = '-XX0100-abcdefghijkl', infoHash = 'ab'.repeat(20)
  try {
    new (require(${MAIN}))(peerId, infoHash, 'udp://127.0.0.1:1').announce(2)
    console.log('no error')
  } catch (error) {
    console.log(JSON.stringify([error.code, error.message]))
  }
  process.exit()`

async function errorOf(args, env) {
  const output = await new Promise((resolve, reject) => {
    const options = { env: { ...process.env, ...env }, timeout: 20_000 }
    execFile(process.execPath, [...args, '-e', announce], options, (error, stdout) => {
      if (error) reject(error)
      else resolve(stdout)
    })
  })
  return JSON.parse(output)
}

test('the C library is that of this process, and its report is left as it was', () => {
  const code = `
    const before = process.report && process.report.excludeNetwork
    const fs = require('fs')
    const read = []
    for (const name of ['readFileSync', 'existsSync']) {
      const real = fs[name]
      fs[name] = (file, ...rest) => (read.push(String(file)), real(file, ...rest))
    }
    require(${ADDON}).load()
    console.log(before === (process.report && process.report.excludeNetwork), read.some((file) => /ldd/.test(file)))`
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['-e', code], (error, stdout) => {
      if (error) return reject(error)
      assert.equal(stdout, 'true false\n')
      resolve()
    })
  })
})

describe('what NAPI_RS_NATIVE_LIBRARY_PATH names', () => {
  test('is loaded', async () => {
    const name = fs
      .readdirSync(ROOT)
      .find((file) => /^bittorrent-udp-tracker\..+\.node$/.test(file))
    const env = { ...process.env, NAPI_RS_NATIVE_LIBRARY_PATH: path.join(ROOT, name) }
    const code = `console.log(Object.keys(require(${ADDON}).load()).sort().join())`
    await new Promise((resolve, reject) => {
      execFile(process.execPath, ['-e', code], { env }, (error, stdout) => {
        if (error) return reject(error)
        assert.equal(stdout, 'Session,parseUrl\n')
        resolve()
      })
    })
  })

  test('that cannot be loaded is an error with the reason', async (t) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'addon-'))
    t.after(() => fs.rmSync(folder, { recursive: true }))
    const broken = path.join(folder, 'broken.node')
    fs.writeFileSync(broken, 'no addon at all')
    const [code, message] = await errorOf([], { NAPI_RS_NATIVE_LIBRARY_PATH: broken })
    assert.equal(code, 'ERR_NO_ADDON')
    assert.match(message, /^bittorrent-udp-tracker cannot load its addon on .+: .*broken\.node/)
    assert.match(message, /To build it, with Rust/)
  })
})

// What is left of the package in a bundle, and where only the files that were traced are copied.
describe('away from its package it', () => {
  async function messageOf(t, env) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bundle-'))
    t.after(() => fs.rmSync(folder, { recursive: true }))
    const file = path.join(folder, 'out/server/chunk.js')
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.copyFileSync(JSON.parse(ADDON), file)
    const code = `try { require(${JSON.stringify(file)}).load() } catch (error) { console.log(error.message) }`
    const options = { env: { ...process.env, ...env } }
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', code], options)
    return stdout
  }

  test('points to the configuration of the bundler, and names no file that is not there', async (t) => {
    const message = await messageOf(t)
    assert.match(message, /found no addon for .*This is a bundle without it: .*"external"/)
    assert.doesNotMatch(message, /Rust|build-addon|include=optional/)
    assert.match(message, /See docs\/bundlers\.md in the package\.$/m)
  })

  test('names no file that is not there for an addon that cannot be loaded either', async (t) => {
    const message = await messageOf(t, { NAPI_RS_NATIVE_LIBRARY_PATH: __filename })
    assert.match(message, /cannot load its addon on .*addon\.test\.js.* See docs\/bundlers\.md/s)
    assert.doesNotMatch(message, /Rust|build-addon|without it/)
  })
})

// Nor has it WebAssembly for the other engine.
describe('a process that may not load addons', ofNode('the options are of Node.js'), () => {
  test('with --no-addons is told what to do', async () => {
    const [code, message] = await errorOf(['--no-addons', '--jitless'])
    assert.equal(code, 'ERR_NO_ADDON')
    assert.match(
      message,
      /^bittorrent-udp-tracker may not load its addon \(.+\): start Node\.js without --no-addons/
    )
    assert.doesNotMatch(message, /Rust/)
  })

  test(
    'with the permission model, too',
    { skip: MAJOR < 20 && 'Node.js 18 has none' },
    async () => {
      const flag = MAJOR < 23 ? '--experimental-permission' : '--permission'
      const [code, message] = await errorOf([flag, '--jitless', `--allow-fs-read=${ROOT}/*`])
      assert.equal(code, 'ERR_NO_ADDON')
      assert.match(message, /--allow-addons/)
      assert.doesNotMatch(message, /Rust/)
    }
  )
})
