// Metrics as Prometheus' own tool reads them: `promtool check metrics`.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { Metrics } = require('../cli/output/formats.js')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { runCommand } = require('./support/command-line.js')
const { needs } = require('./support/needs.js')
const wire = require('./support/wire.js')

const HASH = 'ab'.repeat(20)

// What it complains of; nothing, if all is well.
function complaints(text) {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8'
  })
  return { status, said: stdout + stderr }
}
const WELL = { status: 0, said: '' }

describe('promtool takes', { skip: needs('promtool') }, () => {
  test('what check, scrape and ping say of trackers of each kind', async (t) => {
    const { url } = await startScriptedTracker(t)
    const refusing = await startScriptedTracker(t, {
      announce: (request) => wire.errorResponse(request, 'no "such" torrent\\')
    })
    const dead = await startScriptedTracker(t, { connect: silent })
    const urls = [url, refusing.url, dead.url, 'udp://h\\:1', `${url}/\\x`, 'http://h/']
    const more = ['--format', 'openmetrics', '--timeout', '.5']
    for (const args of [
      ['check', ...urls],
      ['ping', '--count', '2', '--interval', '.2', ...urls],
      ['scrape', url, HASH, `magnet:?xt=urn:btih:${HASH}&dn=a%22b`],
      ['scrape', dead.url, HASH]
    ]) {
      const { stdout } = await runCommand(t, [...args, ...more])
      assert.deepEqual(complaints(stdout), WELL, stdout)
      assert.ok(stdout.endsWith('# EOF\n'))
    }
  })

  test('nothing invalid, so that a mistake would fail these tests', () => {
    const metrics = new Metrics().family('m_seconds', 'Help.')
    metrics.add('m_seconds', { url: 'a' }, 'x')
    assert.equal(complaints(`${metrics.lines().join('\n')}\n`).status, 1)
  })
})
