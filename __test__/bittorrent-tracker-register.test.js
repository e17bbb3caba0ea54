// register and patch under bittorrent-tracker's own Client: the way out, what replaces what, and what they say.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, start } = require('./support/child.js')
const { PROXIES } = require('./support/portable.js')
const { PRELOADS, isBun } = require('./support/runtimes.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { startSocksProxy } = require('./support/socks-proxy.js')
const { create, heard } = require('./support/bittorrent-tracker.js')

const FOLDER = path.join(ROOT, 'lib/bittorrent-tracker')
const REGISTER = path.join(FOLDER, 'register.js')
const IS_OURS =
  "console.log(!require('bittorrent-tracker/lib/client/udp-tracker.js').toString().includes('dgram'))"

// A program that announces with bittorrent-tracker's Client and says how that ended.
const announcing = (url, options) => `
  const Client = require('bittorrent-tracker')
  const client = new Client({
    infoHash: 'ab'.repeat(20), peerId: 'cd'.repeat(20), announce: '${url}', port: 1, wrtc: false,
    ...${JSON.stringify(options)}
  })
  const end = (word) => { console.log(word); client.destroy() }
  client.on('update', () => end('update'))
  client.on('warning', (warning) => end(warning.code || warning.message))
  client.start()`

// What register says on Bun whenever it replaces something.
const ON_BUN = /^.*\[BITTORRENT_UDP_TRACKER_BUN\].*\n.*trace-warnings.*\n/m

async function run(t, args, env) {
  const { stderr, ...rest } = await start(t, args, env).exit()
  return { ...rest, stderr: isBun ? stderr.replace(ON_BUN, '') : stderr }
}

describe('the option transport of its own Client', PRELOADS, () => {
  test('is the way that the requests go', PROXIES, async (t) => {
    const tracker = await startScriptedTracker(t)
    const proxy = await startSocksProxy(t)
    const code = announcing(tracker.url, { transport: { proxy: proxy.url } })
    const { stdout, stderr } = await run(t, ['--require', REGISTER, '-e', code])
    assert.deepEqual({ stdout, stderr }, { stdout: 'update\n', stderr: '' })
    assert.equal(proxy.targets.length, tracker.requests.length)
  })

  for (const [title, transport, said] of [
    ['is a warning where it is not there', { localAddress: '192.0.2.1' }, 'NETWORK'],
    ['is a warning where it is none', { proxy: 5 }, 'ERR_INVALID_ARG_TYPE'],
    ['is a warning where it has no such part', { interfaces: 'wg0' }, null]
  ]) {
    test(`${title}, and nothing is sent`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const code = announcing(tracker.url, { transport })
      const { stdout } = await run(t, ['--require', REGISTER, '-e', code])
      assert.notEqual(stdout, 'update\n')
      if (said !== null) assert.match(stdout, new RegExp(`${said}|must be`))
      assert.deepEqual(tracker.requests, [])
    })
  }
})

for (const [family, said] of [
  [6, 'DNS'],
  ['four', 'ERR_OUT_OF_RANGE']
]) {
  test(
    `the option family of its own Client is seen: ${family} at an IPv4 address is a warning, and nothing is sent`,
    PRELOADS,
    async (t) => {
      const tracker = await startScriptedTracker(t)
      const code = announcing(tracker.url, { family })
      const { stdout, stderr } = await run(t, ['--require', REGISTER, '-e', code])
      assert.deepEqual([stdout, stderr], [`${said}\n`, ''])
      assert.deepEqual(tracker.requests, [])
    }
  )
}

test('patch warns once of options that it cannot see into', async (t) => {
  const all = '{ rtcConfig: {}, getAnnounceOpts() {}, userAgent: "", proxyOpts: {} }'
  const code = (opts) => `
    const Client = require('bittorrent-tracker')
    const { patch } = require(${JSON.stringify(FOLDER)})
    patch(Client)
    const torrent = { infoHash: 'ab'.repeat(20), peerId: 'cd'.repeat(20), announce: 'udp://x', port: 1 }
    for (let i = 0; i < 2; i++) new Client(Object.assign(${opts}, torrent, { wrtc: false }))`
  for (const [opts, times] of [
    [all, 1],
    ['Object.create(null)', 1],
    ['{ userAgent: "" }', 0]
  ]) {
    const { stderr } = await run(t, ['-e', code(opts)])
    assert.equal((stderr.match(/patch cannot see whether/g) || []).length, times, stderr)
  }
})

test('a loader that compiles CommonJS by itself gets ours', PRELOADS, async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'register-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  const loader = path.join(folder, 'loader.js')
  fs.writeFileSync(
    loader,
    `require('module')._extensions['.js'] = (module, file) =>
       module._compile(require('fs').readFileSync(file, 'utf8'), file)`
  )
  // On Bun register is such a loader itself, and the last one decides.
  for (const first of isBun ? [loader] : [loader, REGISTER]) {
    const second = first === loader ? REGISTER : loader
    const { stdout, stderr } = await run(t, ['-r', first, '-r', second, '-e', IS_OURS])
    assert.deepEqual({ stdout, stderr }, { stdout: 'true\n', stderr: '' })
  }
})

test('NODE_DEBUG tells that it is active, and what it replaced', PRELOADS, async (t) => {
  const env = { NODE_DEBUG: 'bittorrent-udp-tracker' }
  const { stderr } = await run(t, ['--require', REGISTER, '-e', IS_OURS], env)
  assert.match(stderr, /register is active/)
  assert.match(stderr, /udp-tracker\.js is replaced/)
})

test('inside a bundle it warns once', PRELOADS, async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'register-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  // What a bundler makes of it: the same code in a file of another place.
  const bundle = path.join(folder, 'bundle.js')
  const resolved = fs
    .readFileSync(REGISTER, 'utf8')
    .replace(
      /require\('(\.[^']+)'\)/g,
      (_, file) => `require(${JSON.stringify(path.join(FOLDER, file))})`
    )
  fs.writeFileSync(bundle, resolved)
  const { code, stdout, stderr } = await run(t, ['--require', bundle, '-e', IS_OURS])
  assert.deepEqual({ code, stdout }, { code: 0, stdout: 'false\n' })
  assert.equal(stderr.match(/is part of a bundle/g).length, 1, stderr)
})

describe('DEBUG', PRELOADS, () => {
  for (const [patterns, isHeard] of [
    ['bittorrent-tracker:udp-tracker', true],
    ['other,bittorrent-tracker*', true],
    ['*,-bittorrent-tracker:udp-tracker', false],
    ['bittorrent-tracker', false]
  ]) {
    test(`${patterns} ${isHeard ? 'tells' : 'tells nothing'} of requests`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const args = ['--require', REGISTER, '-e', announcing(tracker.url, {})]
      const { stderr } = await run(t, args, { DEBUG: patterns })
      const line = `bittorrent-tracker:udp-tracker UDP response ${tracker.url}, action 1`
      assert.equal(stderr.includes(line), isHeard, stderr)
    })
  }
})

test('a dispatcher of fetch-socks as proxy is a warning that says what to pass, and nothing is sent', async (t) => {
  const tracker = await startScriptedTracker(t)
  const socksProxy = { dispatch() {}, close() {} }
  const client = create(t, { announce: tracker.url, proxyOpts: { socksProxy } })
  client.start()
  const { message, code } = await heard(client, 'warning')
  assert.equal(code, 'NETWORK')
  assert.match(message, /socksProxy is a dispatcher.*pass it as/)
  assert.deepEqual(tracker.requests, [])
})
