// Generated values of every type for every argument of version 1, given to both packages: what 1.2.0 announced is announced
// with the same bytes, unless docs/migrating.md says otherwise, and nothing crashes.
'use strict'

const { before, describe, it } = require('node:test')
const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { inspect } = require('node:util')
const { casesOf } = require('./support/values.js')

const ORIGINAL = path.join(__dirname, 'node_modules', 'original')
const OURS = path.dirname(__dirname)
const CLIENT = path.join(__dirname, 'support', 'generated.js')
const GUIDE = fs.readFileSync(path.join(__dirname, '../docs/migrating.md'), 'utf8')

const SEED = Number(process.env.GENERATED_SEED ?? 1)
const COUNT = Number(process.env.GENERATED_COUNT ?? 300)

// Of an announce in hex, behind its IDs: all but what BEP 41 adds.
const LENGTH_MS = 120_000
const BODY = 2 * (98 - 16)
const bodyOf = (announced) => announced.split(' ').at(-1)

const throws = ({ end }) => end === 'throws: RangeError' || end === 'throws: TypeError'
const isCounter = (where) => ['downloaded', 'left', 'uploaded'].includes(where)
const isText = (value) => typeof value === 'string' || value instanceof String

// The rows of the guide's table of what is passed in, each with what it is about: `original` announced.
const DIFFERENCES = {
  'A peer ID or an info-hash of a wrong length was sent as it is.': ({ where, original, ours }) =>
    /^(peerId|infoHash)$/.test(where) && bodyOf(original.announced).length !== BODY && throws(ours),
  'Of the 32 bytes of a v2 info-hash all were sent.': ({ where, value, original, ours }) =>
    where === 'infoHash' &&
    value.length === 32 &&
    ours.announced !== null &&
    bodyOf(original.announced).length === BODY + 24,
  'An info-hash in hex was cut after its 40 digits.': ({ where, value, ours }) =>
    where === 'infoHash' && isText(value) && value.length > 40 && throws(ours),
  'A `_timeout` that is negative, infinite or not a number sent everything at once.': ({
    where,
    value,
    ours
  }) => where === 'opts._timeout' && !(value > 0 && value < Infinity) && throws(ours),
  'A number above 2^53 − 1 was sent, though it is not exact.': ({ where, value, ours }) =>
    isCounter(where) && value > Number.MAX_SAFE_INTEGER && throws(ours),
  'Path and query of the URL were not sent.': ({ where, original, ours }) =>
    where === 'announceUrl' && ours.announced?.startsWith(original.announced),
  'A URL that is not `udp://host:port` was taken for one.': ({ where, ours }) =>
    where === 'announceUrl' && ours.end.startsWith('error: announce URL ')
}

describe('generated values', { timeout: 2 * LENGTH_MS }, () => {
  let cases, found
  const met = new Set()

  before(async () => {
    cases = casesOf(SEED, COUNT, 1)
    const [originals, ours] = await Promise.all([outcomes(ORIGINAL), outcomes(OURS)])
    assert.deepEqual([originals.length, ours.length], [cases.length, cases.length])
    found = cases.map((one, index) => ({
      ...one,
      value: one.value(),
      original: originals[index],
      ours: ours[index]
    }))
  })

  it('that 1.2.0 announced are announced with the same bytes, but for what the guide names', () => {
    const unexplained = found.filter(({ original, ours }) => {
      return original.announced !== null && original.announced !== ours.announced
    })
    const left = unexplained.filter((one) => {
      const rows = Object.entries(DIFFERENCES).filter(([, isMeant]) => isMeant(one))
      for (const [row] of rows) met.add(row)
      return rows.length === 0
    })
    assert.deepEqual(left.map(shown), [])
  })

  it('end nothing: no crash, no silence where 1.2.0 had something to say', () => {
    const silent = ({ original, ours }) => ours.end === 'silence' && original.end !== 'silence'
    const bad = found.filter((one) => one.ours.end.startsWith('crashes') || silent(one))
    assert.deepEqual(bad.map(shown), [])
  })

  it('throw a RangeError or a TypeError, nothing else', () => {
    const thrown = found.filter(({ ours }) => ours.end.startsWith('throws'))
    assert.ok(thrown.length > 100)
    assert.deepEqual(thrown.filter(({ ours }) => !throws(ours)).map(shown), [])
  })

  it('are many: 1.2.0 announced hundreds of them', () => {
    const announced = found.filter(({ original }) => original.announced !== null)
    assert.ok(announced.length > 500, String(announced.length))
  })

  for (const row of Object.keys(DIFFERENCES)) {
    it(`differ, and the guide says so: ${row}`, () => {
      assert.ok(met.has(row), 'no value shows it')
      assert.ok(GUIDE.includes(`\n| ${row} |`), 'it is not in the guide')
    })
  }
})

function shown({ where, value, original, ours }) {
  return `${where}: ${inspect(value).slice(0, 200)}: ${inspect(original)}, here ${inspect(ours)}`
}

async function outcomes(implementation) {
  const args = ['--no-deprecation', '--no-warnings', CLIENT, implementation, SEED, COUNT]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const limit = setTimeout(() => child.kill('SIGKILL'), LENGTH_MS)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text))
  const [code] = await once(child, 'close')
  clearTimeout(limit)
  assert.equal(code, 0)
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}
