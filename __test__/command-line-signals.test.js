// How the command line ends: by signals, as cron, systemd and containers send them, and by a bug of its own.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const path = require('node:path')
const { nodeOptions, withSignals } = require('./support/child.js')
const { startCommand, runCommand, printed, temporaryFiles } = require('./support/command-line.js')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')

const HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'
const CODES = { SIGTERM: 143, SIGHUP: 129, SIGINT: 130 }

for (const [signal, code] of Object.entries(CODES)) {
  describe(signal, withSignals, () => {
    test('has ping print what it comes to, in each format', async (t) => {
      const tracker = await startScriptedTracker(t)
      const ends = { table: / 0% /, openmetrics: /_ping_sent\{.*\} \d+\n[^]*# EOF\n$/, csv: /,0,/ }
      for (const [format, pattern] of Object.entries(ends)) {
        const child = startCommand(t, ['ping', tracker.url, '-i', '0.2', '--format', format])
        await tracker.nextConnect()
        await tracker.nextConnect()
        child.process.kill(signal)
        const { code: ended, stdout, stderr } = await child.exit()
        // Ctrl-C is the usual end of a ping.
        assert.deepEqual([ended, stderr], [signal === 'SIGINT' ? 0 : code, ''], format)
        assert.match(stdout, pattern)
      }
    })

    test('has announce say "stopped"', async (t) => {
      const tracker = await startScriptedTracker(t, { announce: silent })
      const child = startCommand(t, ['announce', tracker.url, HASH])
      assert.equal((await tracker.nextAnnounce()).event, 0)
      child.process.kill(signal)
      assert.equal((await tracker.nextAnnounce()).event, 3)
      assert.equal((await child.exit()).code, code)
    })

    test('has check and scrape print what has come in', async (t) => {
      const dead = await startScriptedTracker(t, { connect: silent })
      const tracker = await startScriptedTracker(t)
      const child = startCommand(t, ['check', tracker.url, dead.url, '--json'])
      await printed(child, /"works"/)
      child.process.kill(signal)
      assert.equal((await child.exit()).code, code)

      const scrape = startCommand(t, ['scrape', dead.url, HASH, '--format', 'openmetrics'])
      await dead.nextConnect()
      await dead.nextConnect()
      scrape.process.kill(signal)
      const { code: ended, stdout } = await scrape.exit()
      assert.deepEqual([ended, stdout], [code, '# EOF\n'])
    })
  })
}

test('a bug has a stack, says that it is one, and an exit code of its own', async (t) => {
  const table = path.join(__dirname, '../cli/check/table.js')
  const [file] = temporaryFiles(t, {
    'bug.js': `require(${JSON.stringify(table)}).prototype.row = () => null.x`
  })
  const tracker = await startScriptedTracker(t)
  const { code, stderr } = await runCommand(t, ['check', tracker.url], {
    env: { NODE_OPTIONS: nodeOptions(`--require ${JSON.stringify(file)}`) }
  })
  assert.equal(code, 70)
  assert.match(stderr, /this is a bug of the program/)
  assert.match(stderr, /TypeError: Cannot read properties of null[^]*\n +at .*bug\.js/)
})
