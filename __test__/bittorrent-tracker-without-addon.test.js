// Where no addon can be loaded, bittorrent-tracker keeps its own trackers: ours would be dead.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const path = require('node:path')
const { ROOT, start } = require('./support/child.js')
const { PRELOADS } = require('./support/runtimes.js')

const WITHOUT_ADDON = path.join(__dirname, 'support/without-addon.js')
const own = (expression) => `
  const Client = require('bittorrent-tracker')
  const trackers = require('bittorrent-tracker/lib/client/udp-tracker.js')
  ${expression}
`

test('register says so once, and leaves it alone', PRELOADS, async (t) => {
  const register = path.join(ROOT, 'lib/bittorrent-tracker/register.js')
  const code = own("console.log(trackers.toString().includes('dgram'))")
  const child = start(t, ['--require', WITHOUT_ADDON, '--require', register, '-e', code])
  const { code: status, stdout, stderr } = await child.exit()
  assert.equal(status, 0, stderr)
  assert.equal(stdout, 'true\n')
  const warnings = stderr.match(/bittorrent-tracker is left as it is/g)
  assert.equal(warnings.length, 1, stderr)
  assert.match(stderr, /\[ERR_NO_ADDON\]/)
})

test('patch throws, and has changed nothing', PRELOADS, async (t) => {
  const code = own(`
    const { patch } = require(${JSON.stringify(path.join(ROOT, 'lib/bittorrent-tracker'))})
    const before = trackers.prototype.announce
    try { patch(Client) } catch (error) { console.log(error.code) }
    console.log(trackers.prototype.announce === before)`)
  const child = start(t, ['--require', WITHOUT_ADDON, '-e', code])
  const { stdout, stderr } = await child.exit()
  assert.deepEqual({ stdout, stderr }, { stdout: 'ERR_NO_ADDON\ntrue\n', stderr: '' })
})

test('patch says what to pass of an imported module', () => {
  const { patch } = require('../lib/bittorrent-tracker/index.js')
  const module = { __proto__: null, default: require('bittorrent-tracker') }
  assert.throws(() => patch(module), { name: 'TypeError', message: /pass `\.default`$/ })
})
