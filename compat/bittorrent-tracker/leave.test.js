// 3,000 clients that stop and are destroyed at once: each `stopped` arrives, and there is one socket.
'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { test } = require('node:test')
const { startScriptedTracker } = require('../../__test__/support/scripted-tracker.js')

const COUNT = 3000
const STOPPED = 3
const LIMIT_MS = 120_000

for (const implementation of ['own', 'patched@11', 'patched@7']) {
  const skip = process.platform === 'linux' ? false : 'sockets are counted as Linux lists them'
  test(implementation, { skip }, async (t) => {
    const tracker = await startScriptedTracker(t)
    const file = path.join(__dirname, 'support/leave.mjs')
    const child = spawn(process.execPath, ['--no-deprecation', file, implementation, COUNT], {
      env: { ...process.env, TRACKER_URL: tracker.url },
      stdio: ['ignore', 'pipe', 'inherit']
    })
    const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text))
    const [code] = await once(child, 'close')
    clearTimeout(limit)

    const stopped = tracker.announces.filter(({ event }) => event === STOPPED)
    const torrents = new Set(stopped.map(({ infoHash }) => infoHash.toString('hex')))
    assert.equal(torrents.size, COUNT)
    assert.deepEqual({ stdout, code }, { stdout: '1\n', code: 0 })
  })
}
