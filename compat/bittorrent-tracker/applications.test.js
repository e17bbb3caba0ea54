// Applications on bittorrent-tracker, with ours behind its `udp:` trackers and without: they find each other by a tracker on
// loopback, and by nothing else, and transfer a file.
'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { describe, test } = require('node:test')
const { pathToFileURL } = require('node:url')
const { Server } = require('bittorrent-tracker-9')
const { programOf } = require('../../scripts/runtimes.js')

const REGISTER = pathToFileURL(path.resolve(__dirname, '../../lib/bittorrent-tracker/register.mjs'))
const COUNT = path.join(__dirname, 'support/count.js')
const LIMIT_MS = 120_000

async function startTracker(t) {
  const server = new Server({ udp: true, http: false, ws: false, stats: false })
  // What is left, of who has started.
  const started = []
  server.on('start', (address, { left }) => started.push(left))
  server.udp6.removeAllListeners('error').on('error', () => {})
  server.listen(0, { udp: '127.0.0.1', udp6: '::1' })
  await once(server, 'listening')
  t.after(() => new Promise((resolve) => server.close(resolve)))
  return { url: `udp://127.0.0.1:${server.udp.address().port}`, started }
}

async function run(t, { execPath = process.execPath, args }) {
  const downloads = fs.mkdtempSync(path.join(os.tmpdir(), 'downloads-'))
  t.after(() => fs.rmSync(downloads, { recursive: true, force: true }))
  const { url, started } = await startTracker(t)
  const env = { ...process.env, TRACKER_URL: url, DOWNLOADS: downloads, NODE_OPTIONS: '' }
  const child = spawn(execPath, ['--no-deprecation', '--require', COUNT, ...args], {
    cwd: __dirname,
    env,
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
  const output = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8').on('data', (text) => (output[stream] += text))
  }
  const [code, signal] = await once(child, 'close')
  clearTimeout(limit)
  const counted = /# (\d+) requests through the engine/.exec(output.stderr)
  return { ...output, end: signal || code, requests: counted && Number(counted[1]), started }
}

function check(result, isOurs) {
  assert.equal(result.stdout, 'received 1048576 bytes\n', result.stderr)
  assert.equal(result.end, 0, result.stderr)
  assert.equal(result.requests > 0, isOurs, result.stderr)
}

const registered = ['--import', REGISTER.href]

const WAYS = {
  'as it comes': { args: [], way: 'none', isOurs: false },
  patched: { args: [], way: 'patch', isOurs: true },
  'with register': { args: registered, way: 'none', isOurs: true }
}

const WEBTORRENTS = {
  'WebTorrent 1': { name: 'webtorrent-1', program: () => process.execPath },
  // It wants this one at least.
  'WebTorrent 3': { name: 'webtorrent-3', program: () => programOf('node22') }
}

for (const [title, { name, program }] of Object.entries(WEBTORRENTS)) {
  describe(title, { concurrency: 2 }, () => {
    for (const [wayTitle, { args, way, isOurs }] of Object.entries(WAYS)) {
      for (const by of ['torrent', 'magnet']) {
        test(`${wayTitle}, by a ${by}`, async (t) => {
          const transfer = [path.join(__dirname, 'support/transfer.mjs'), name, by, way]
          const result = await run(t, { execPath: program(), args: [...args, ...transfer] })
          check(result, isOurs)
          // The other one has a magnet link and does not know yet; theirs says that it has everything.
          const [, left] = result.started
          assert.equal(left === 0, by === 'magnet' && !isOurs, `${left} left`)
        })
      }
    }
  })
}

for (const program of ['torrent-stream', 'peerflix']) {
  describe(program, { concurrency: 2 }, () => {
    for (const by of ['torrent', 'magnet']) {
      for (const [wayTitle, args] of [
        ['as it comes', []],
        ['with register', registered]
      ]) {
        test(`${wayTitle}, by a ${by}`, async (t) => {
          const stream = [path.join(__dirname, 'support/stream.mjs'), program, by]
          check(await run(t, { args: [...args, ...stream] }), args === registered)
        })
      }
    }
  })
}
