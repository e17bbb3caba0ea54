// The ways into the package that its `exports` name: those of version 1, which had no such list, and those for browsers.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { execFile, execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')
const vm = require('node:vm')
const { ROOT } = require('./support/child.js')
const { IMPORTS_IN_EVAL } = require('./support/runtimes.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')

const NAME = 'bittorrent-udp-tracker'
const IN_BROWSER = ['--conditions=browser']
const SENTENCE =
  /^bittorrent-udp-tracker: a browser has no UDP, use a WebSocket tracker \(wss:\) there$/

/** What a program in this package prints, which may name it by its own name. */
function printed(code, args = []) {
  return execFileSync(process.execPath, [...args, '--eval', code], { cwd: ROOT, encoding: 'utf8' })
}

describe('what version 1 could be required by', () => {
  for (const name of [NAME, `${NAME}/index`, `${NAME}/index.js`, `${NAME}/package.json`]) {
    test(name, () => {
      const what = name.endsWith('.json') ? '"bittorrent-udp-tracker"' : '"UdpTracker"'
      const code = `console.log(JSON.stringify(require('${name}').name))`
      assert.equal(printed(code), `${what}\n`)
    })
  }
})

// A module of lib/browser as a bundler makes it a part of a page: without `process`, and with a `require` of its own.
function inPage(file) {
  const context = vm.createContext({})
  const load = (name) => {
    const module = { exports: {} }
    const source = fs.readFileSync(path.join(ROOT, 'lib/browser', name), 'utf8')
    vm.runInContext(`(function (module, exports, require) {${source}\n})`, context)(
      module,
      module.exports,
      (inner) => load(inner)
    )
    return module.exports
  }
  return load(file)
}

describe('in a browser', () => {
  test('there is all that there is in Node.js', async () => {
    const ours = await import('../index.mjs')
    const { default: UdpTracker } = ours
    const stub = inPage('main.js')
    const names = Object.keys(ours).filter((name) => name !== 'default')
    assert.deepEqual(Object.keys(UdpTracker).sort(), names.sort())
    for (const name of names) assert.equal(typeof stub[name], typeof UdpTracker[name], name)
    assert.equal(stub.UdpTracker, stub)
    const entry = require('../lib/bittorrent-tracker/index.js')
    assert.deepEqual(Object.keys(inPage('bittorrent-tracker.js')), Object.keys(entry))
    assert.deepEqual(inPage('register.js'), {})
  })

  test('one sentence says why nothing works', async () => {
    const Stub = inPage('main.js')
    const { announce, drain, once, ping, scrape, stats } = Stub
    const expected = { message: SENTENCE, code: 'ERR_NO_UDP' }
    assert.throws(() => new Stub(), expected)
    assert.throws(() => stats(), expected)
    await assert.rejects(announce('udp://x'), expected)
    await assert.rejects(scrape('udp://x', []), expected)
    await assert.rejects(scrape.stream('udp://x', []).next(), expected)
    await assert.rejects(ping('udp://x'), expected)
    await assert.rejects(once({}, 'update'), expected)
    await assert.rejects(drain(), expected)
    const { Client, UDPTracker, patch } = inPage('bittorrent-tracker.js')
    assert.throws(() => new Client({}), expected)
    assert.throws(() => new UDPTracker({}), expected)
    assert.equal(patch(class {})(), undefined)
  })

  test('ES modules find the same names', IMPORTS_IN_EVAL, () => {
    const code = `
      Promise.all([import('${NAME}'), import('${NAME}/bittorrent-tracker')]).then(([main, entry]) => {
        console.log(Object.keys(main).join(), Object.keys(entry).join())
      })`
    const [names, entry] = printed(code, IN_BROWSER).trim().split(' ')
    assert.equal(names, printed(code).trim().split(' ')[0])
    assert.equal(entry, 'Client,UDPTracker,patch')
  })
})

test("jsdom's conditions are a browser's, and a test suite in it announces", async (t) => {
  const tracker = await startScriptedTracker(t)
  const code = `
    const { announce } = require('${NAME}')
    announce('${tracker.url}', { peerId: '${'p'.repeat(20)}', infoHash: '${'ab'.repeat(20)}', port: 1 })
      .then(({ seeds }) => console.log('seeds', seeds))`
  const args = [...IN_BROWSER, '--eval', code]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT })
  assert.equal(stdout, 'seeds 0\n')
})
