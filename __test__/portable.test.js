// The engine where no addon loads: when it is chosen, and what is its own.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { isBuilt } = require('./support/portable.js')
const { ROOT, start } = require('./support/child.js')
const { notOnDeno, ofNode } = require('./support/runtimes.js')

// For a test of which everything runs in processes without the addon.
const ENGINE = {
  skip:
    (!isBuilt && 'npm run build:portable') ||
    notOnDeno('its node:child_process drops --no-addons').skip
}
const REQUEST = `{ peerId: 'x'.repeat(20), infoHash: 'ab'.repeat(20), port: 1 }`

// What a script prints in a process in which no addon loads.
async function printed(
  t,
  script,
  { url = 'udp://127.0.0.1:1', flags = ['--no-addons'], env } = {}
) {
  const code = `const UdpTracker = require(${JSON.stringify(ROOT)})\n${script}`
  const child = start(t, [...flags, '-e', code], { TRACKER_URL: url, ...env })
  const { stdout, stderr } = await child.exit()
  return { stdout, stderr }
}

describe('the portable engine', ENGINE, () => {
  const engine = `console.log(UdpTracker.stats().engine)`

  test('serves where no addon loads, and says why with NODE_DEBUG', async (t) => {
    const env = { NODE_DEBUG: 'bittorrent-udp-tracker' }
    const { stdout, stderr } = await printed(t, engine, { env })
    assert.equal(stdout, 'portable\n')
    assert.match(stderr, /the portable engine serves: .* may not load its addon .*--no-addons/)
    assert.equal((await printed(t, engine, { flags: [] })).stdout, 'native\n')
  })

  test('takes the place of no file that NAPI_RS_NATIVE_LIBRARY_PATH names', async (t) => {
    const script = `try { UdpTracker.stats() } catch (error) { console.log(error.code) }`
    const env = { NAPI_RS_NATIVE_LIBRARY_PATH: __filename }
    assert.equal((await printed(t, script, { flags: [], env })).stdout, 'ERR_NO_ADDON\n')
  })

  test('cannot be without WebAssembly', ofNode('--jitless is of V8'), async (t) => {
    const script = `try { UdpTracker.stats() } catch (error) { console.log(error.code, error.message) }`
    const { stdout } = await printed(t, script, { flags: ['--no-addons', '--jitless'] })
    assert.match(stdout, /^ERR_NO_ADDON .*portable engine cannot run: there is no WebAssembly\./)
  })

  test('imports nothing', () => {
    const { compile } = require('../lib/portable/core.js')
    assert.deepEqual(WebAssembly.Module.imports(compile()), [])
  })

  test('refuses what the addon alone can do, and sends and looks up nothing', async (t) => {
    const tracker = await startScriptedTracker(t)
    const script = `
      const dns = require('dns')
      dns.lookup = () => console.log('looked up')
      const url = process.env.TRACKER_URL.replace('127.0.0.1', 'localhost')
      const transports = [{ interface: 'lo' }, { localAddress: '127.0.0.1' }, { proxy: 'socks5://127.0.0.1:1' }]
      Promise.all(transports.map((transport) =>
        UdpTracker.announce(url, { ...${REQUEST}, transport }).catch(({ code, message }) => console.log(code, message))))`
    const { stdout } = await printed(t, script, { url: tracker.url })
    const text = (option) =>
      `NETWORK transport.${option} needs the addon, which this process runs without\n`
    assert.equal(stdout, ['interface', 'localAddress', 'proxy'].map(text).join(''))
    assert.equal(tracker.requests.length, 0)
  })

  test('looks names up by the application’s function', async (t) => {
    const tracker = await startScriptedTracker(t)
    const script = `
      const url = process.env.TRACKER_URL.replace('127.0.0.1', 'tracker.test')
      const transport = { lookup: async () => ['127.0.0.1'] }
      UdpTracker.announce(url, { ...${REQUEST}, transport }).then(({ interval }) => console.log(interval > 0))`
    assert.equal((await printed(t, script, { url: tracker.url })).stdout, 'true\n')
  })

  test('reads what lies in its socket before a busy process gives up', async (t) => {
    const tracker = await startScriptedTracker(t)
    const script = `
      UdpTracker.ping(process.env.TRACKER_URL).then(() => {
        const asked = UdpTracker.announce(process.env.TRACKER_URL, { ...${REQUEST}, timeout: 300 })
        asked.then(() => console.log('answered'), (error) => console.log(error.message))
        setImmediate(() => { for (const end = Date.now() + 900; Date.now() < end;); })
      })`
    assert.equal((await printed(t, script, { url: tracker.url })).stdout, 'answered\n')
  })

  // Where no descriptor is left, the error comes from within the call.
  for (const when of ['process.nextTick', 'Array.of(0).forEach']) {
    test(`says at once that no socket can be opened: ${when}`, async (t) => {
      const script = `
      const dgram = require('dgram')
      const { bind } = dgram.Socket.prototype
      dgram.Socket.prototype.bind = function () {
        const denied = Object.assign(new Error('bind EACCES'), { code: 'EACCES', syscall: 'bind' })
        ${when}(() => this.emit('error', denied))
      }
      UdpTracker.announce(process.env.TRACKER_URL, ${REQUEST}).catch(({ code, message }) => {
        console.log(code, message)
        dgram.Socket.prototype.bind = bind
        process.exit()
      })`
      const { stdout } = await printed(t, script)
      assert.equal(
        stdout,
        'NETWORK cannot send to tracker 127.0.0.1:1: cannot open a socket: bind EACCES\n'
      )
    })
  }

  test('has a socket for each address that is pinged, as long as it is', async (t) => {
    const tracker = await startScriptedTracker(t)
    const script = `
      const dgram = require('dgram')
      const { createSocket } = dgram
      const open = new Set()
      dgram.createSocket = (options) => {
        const socket = createSocket(options)
        open.add(socket)
        return socket.on('close', () => open.delete(socket))
      }
      const url = process.env.TRACKER_URL
      const ping = (url) => UdpTracker.ping(url).then(() => 'answered', ({ message }) => message)
      async function main() {
        const pings = [url, url, 'udp://127.0.0.1:1'].map(ping)
        await new Promise(setImmediate)
        console.log((await Promise.all(pings)).join())
        await UdpTracker.announce(url, ${REQUEST})
        console.log(open.size)
      }
      main()`
    const { stdout } = await printed(t, script, { url: tracker.url })
    const failure = 'cannot reach tracker 127.0.0.1:1: port closed'
    assert.equal(stdout, `answered,answered,${failure}\n1\n`)
  })

  test('has sockets of its own in the workers of a cluster', async (t) => {
    const tracker = await startScriptedTracker(t)
    const script = `
      const cluster = require('cluster')
      if (cluster.isPrimary) {
        for (let i = 0; i < 2; i++) cluster.fork()
      } else {
        UdpTracker.announce(process.env.TRACKER_URL, ${REQUEST}).then(() => process.disconnect())
      }`
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'portable-')), 'cluster.js')
    t.after(() => fs.rmSync(path.dirname(file), { recursive: true }))
    fs.writeFileSync(file, `const UdpTracker = require(${JSON.stringify(ROOT)})\n${script}`)
    const child = start(t, ['--no-addons', file], { TRACKER_URL: tracker.url })
    assert.equal((await child.exit()).code, 0)
    const first = await tracker.nextAnnounce()
    const second = await tracker.nextAnnounce()
    assert.notEqual(first.from.port, second.from.port)
  })

  test('is over with the process’s last request', async (t) => {
    const tracker = await startScriptedTracker(t)
    const script = `
      UdpTracker.announce(process.env.TRACKER_URL, ${REQUEST}).then(() => console.log('answered'))`
    assert.equal((await printed(t, script, { url: tracker.url })).stdout, 'answered\n')
  })
})
