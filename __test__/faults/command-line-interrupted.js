// Ctrl-C ends every command at once beside name servers that hang, for addresses and for texts, and beside trackers that do.
'use strict'

const assert = require('node:assert/strict')
const { startCommand } = require('../support/command-line.js')
const { startDnsServer } = require('../support/dns-server.js')
const { run, useOwnResolver } = require('../support/fault.js')

const HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'
const NAMES = Array.from({ length: 40 }, (_, i) => `hangs${i}.example:6969`)

run(async (t) => {
  useOwnResolver('timeout:30 attempts:5')
  const server = await startDnsServer(t, () => 'hang', { textsOf: () => 'hang' })
  for (const [args, code] of [
    [['check', ...NAMES], 130],
    [['check', ...NAMES, '--json'], 130],
    [['ping', ...NAMES], 1],
    [['scrape', NAMES[0], HASH], 130],
    [['announce', NAMES[0], HASH], 130]
  ]) {
    server.held.length = 0
    server.names.clear()
    const child = startCommand(t, args)
    // The system's resolver takes so many at a time.
    await server.asked('hangs0.example')
    child.process.kill('SIGINT')
    const { code: ended, stderr } = await child.exit()
    assert.doesNotMatch(stderr, /bug/)
    assert.equal(ended, code, args[0])
    assert.ok(server.held.length > 0)
  }
})
