// Runs bittorrent-tracker's own tests, byte for byte those of its 9.7.0, with each of the three ways to have ours behind
// its `udp:` trackers, and without any, which checks this harness rather than the package.
'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { createHash } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')

const THEIRS = path.join(__dirname, 'node_modules/bittorrent-tracker-9.7.0')
const OURS = path.resolve(__dirname, '../..')
const SCRATCH = path.join(__dirname, 'scratch')
const LIMIT_MS = 120_000

// Each file of the suite with what it has to be and how many assertions it makes; 541 in all. Of those with `udp`, some are
// made through a `udp:` tracker.
const FILES = [
  { name: 'client-large-torrent.js', sha256: 'af7e7acb7e5f', assertions: 27, udp: true },
  { name: 'client-magnet.js', sha256: 'd8f3d1339066', assertions: 27, udp: true },
  { name: 'client-ws-socket-pool.js', sha256: 'afafd2658839', assertions: 4 },
  { name: 'client.js', sha256: 'd43fe41d5b3f', assertions: 84, udp: true },
  { name: 'common.js', sha256: '2229f4ffb284', assertions: 0 },
  { name: 'destroy.js', sha256: 'afba23bfc3f2', assertions: 3, udp: true },
  { name: 'evict.js', sha256: '6a6aed8389e1', assertions: 40, udp: true },
  { name: 'filter.js', sha256: '5181ba682102', assertions: 48, udp: true },
  { name: 'querystring.js', sha256: '720600ba5315', assertions: 2 },
  { name: 'request-handler.js', sha256: '3cd79e20c3e3', assertions: 10 },
  { name: 'scrape.js', sha256: 'accb95100814', assertions: 81, udp: true },
  { name: 'server.js', sha256: 'c70337d84abf', assertions: 160, udp: true },
  { name: 'stats.js', sha256: '0504ecf2e59b', assertions: 55 }
]

// How the process of a test gets ours; `place` gives the folder of bittorrent-tracker.
const WAYS = [
  { name: 'as it comes', place: () => THEIRS, args: () => [], isOurs: false },
  { name: 'UDPTracker in place of its file', place: replaced, args: () => [], isOurs: true },
  {
    name: 'patch',
    place: () => THEIRS,
    args: () => ['--require', path.join(__dirname, 'support/patch-suite.js')],
    isOurs: true
  },
  {
    name: 'register',
    place: () => THEIRS,
    args: () => ['--import', path.join(OURS, 'lib/bittorrent-tracker/register.mjs')],
    isOurs: true
  }
]

// A copy beside the original, so that it finds the same packages, with that one file changed.
function replaced() {
  const copy = path.join(SCRATCH, 'bittorrent-tracker')
  fs.rmSync(copy, { recursive: true, force: true })
  fs.cpSync(THEIRS, copy, { recursive: true })
  const entry = JSON.stringify(path.join(OURS, 'lib/bittorrent-tracker'))
  const source = `module.exports = require(${entry}).UDPTracker\n`
  fs.writeFileSync(path.join(copy, 'lib/client/udp-tracker.js'), source)
  return copy
}

async function run(file, args) {
  const all = ['--require', path.join(__dirname, 'support/count.js'), ...args, file]
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] })
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => (output[name] += text))
  }
  const [code, signal] = await once(child, 'close')
  clearTimeout(limit)
  return { ...output, end: signal || code }
}

test('the files are those of 9.7.0, all of them', () => {
  assert.equal(require(`${THEIRS}/package.json`).version, '9.7.0')
  const found = fs.readdirSync(path.join(THEIRS, 'test')).map((name) => {
    const content = fs.readFileSync(path.join(THEIRS, 'test', name))
    return { name, sha256: createHash('sha256').update(content).digest('hex').slice(0, 12) }
  })
  assert.deepEqual(
    found,
    FILES.map(({ name, sha256 }) => ({ name, sha256 }))
  )
})

for (const way of WAYS) {
  describe(`bittorrent-tracker's tests: ${way.name}`, { concurrency: 3 }, () => {
    let folder
    before(() => (folder = way.place()))
    after(() => fs.rmSync(SCRATCH, { recursive: true, force: true }))

    for (const { name, assertions, udp = false } of FILES) {
      test(name, async () => {
        const result = await run(path.join(folder, 'test', name), way.args())
        const passed = result.stdout.match(/^ok \d/gm) || []
        const failed = result.stdout.match(/^not ok \d.*$/gm) || []
        const message = result.stdout + result.stderr
        assert.deepEqual(
          { passed: passed.length, failed, end: result.end },
          { passed: assertions, failed: [], end: 0 },
          message
        )
        const [, requests] = /# (\d+) requests through the engine/.exec(result.stderr)
        assert.equal(requests > 0, way.isOurs && udp, message)
      })
    }
  })
}
