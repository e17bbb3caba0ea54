// The portable engine's core beside the same code compiled for this machine: the same seed and the same script, datagram for
// datagram and outcome for outcome.
'use strict'

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { isBuilt } = require('./support/portable.js')

const ROOT = path.join(__dirname, '..')
const TEST = 'wasm::tests::a_script_of_losses_look_ups_and_cancels'

// What src/wasm/tests.rs begins with.
const SEED = Buffer.concat([Buffer.alloc(32, 7), Buffer.alloc(16)])
const SYSTEM = 1

const hasCargo = spawnSync('cargo', ['--version']).status === 0

// What the other core has said and done, by what was said to it.
function script(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'portable-core-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'script')
  const { status, stderr } = spawnSync(
    'cargo',
    ['test', '--locked', '--lib', '--', '--exact', TEST],
    {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, PORTABLE_SCRIPT: file }
    }
  )
  assert.equal(status, 0, stderr)
  return fs.readFileSync(file, 'utf8').trimEnd().split('\n')
}

// Has the core do what a line says.
function play(core, line) {
  const [what, at, ...rest] = line.split(' ')
  const bytes = Buffer.from(rest.at(-1), 'hex')
  const now = Number(at)
  if (what === 'submit') {
    core.submit(now, bytes, bytes.length)
  } else if (what === 'receive') {
    const [way, port, ip, fromPort] = rest
    const from = { ip, port: Number(fromPort), scope: 0 }
    core.receive(now, { path: Number(way), port: Number(port), late: 0 }, from, bytes)
  } else {
    core.exports.timeout(now, Number(rest[0]))
  }
  return now
}

// What it has to send and to tell then.
function said(core, now) {
  const lines = []
  for (let datagram; (datagram = core.transmit(now)) !== null;) {
    const { path: way, port, family, address, toPort, bytes, ticket } = datagram
    const to = family === 6 ? `[${address}]:${toPort}` : `${address}:${toPort}`
    lines.push(`> ${way} ${port} ${to} ${bytes.toString('hex')}`)
    core.exports.sent(ticket)
  }
  core.exports.deliver()
  const buffer = Buffer.alloc(1 << 19)
  const length = core.take(buffer)
  if (length > 0) lines.push(`>> ${buffer.toString('hex', 0, length)}`)
  return lines
}

test(
  'both engines do the same with the same seed and script, datagram for datagram',
  { skip: (!isBuilt && 'npm run build:portable') || (!hasCargo && 'it needs cargo') },
  (t) => {
    const { Core } = require('../lib/portable/core.js')
    const core = new Core(SYSTEM, SEED)
    const lines = script(t)
    const expected = lines.filter((line) => line.startsWith('>'))
    assert.ok(expected.length > 150, `${expected.length} datagrams and outcomes`)
    const actual = []
    for (const line of lines)
      if (!line.startsWith('>')) actual.push(...said(core, play(core, line)))
    assert.deepEqual(actual, expected)
  }
)
