// Lists of trackers as people have them: with commas, comments, in UTF-16, one a line or all in one.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { split, readTracker } = require('../cli/input/tracker-url.js')
const { shortName } = require('../cli/output/names.js')
const { gather } = require('../cli/input/lists.js')
const { runCommand, check, temporaryFiles } = require('./support/command-line.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')

const A = 'udp://a.test:1/announce'
const B = 'udp://b.test:2'

describe('a text has several trackers', () => {
  const cases = {
    'with a comma': [`${A},${B}`, [A, B]],
    'with a blank': [`${A} ${B}`, [A, B]],
    'with both, and one at the end': [`${A}, ${B},`, [A, B]],
    'with a tab': [`${A}\t${B}`, [A, B]],
    'of different schemes': [
      `${A},http://c.test/announce,wss://d.test`,
      [A, 'http://c.test/announce', 'wss://d.test']
    ],
    'without schemes': ['a.test:1,b.test:2 c.test:3', ['a.test:1', 'b.test:2', 'c.test:3']],
    'and a comment': [`${A} ${B} # ${A}`, [A, B]]
  }
  for (const [name, [text, expected]] of Object.entries(cases)) {
    test(name, () => assert.deepEqual(split(text), expected))
  }
})

describe('a text has one tracker', () => {
  const cases = {
    'with a comma in its path': 'udp://a.test:1/x,y',
    'with a comma in its query': 'udp://a.test:1/?x=1,b.test:2',
    'with a fragment': 'udp://a.test:1/#x',
    // That is no host, and nobody's guess is better than the engine's words.
    'with a blank in its host': 'udp://a .test:1'
  }
  for (const [name, text] of Object.entries(cases)) {
    test(name, () => assert.deepEqual(split(text), [text]))
  }
  test('with a comment behind it', () => assert.deepEqual(split(`${A} # good,fast`), [A]))
  test('with white space, a byte order mark and a CR around it', () => {
    for (const text of [` ${A} `, `\ufeff${A}`, `${A}\r`, `\u200b${A}\u200b\r\n`]) {
      assert.deepEqual(split(text), [A], JSON.stringify(text))
      assert.equal(readTracker(text).url, A)
    }
  })
})

test('host and port are a UDP tracker', () => {
  assert.equal(readTracker('a.test:1').url, 'udp://a.test:1')
  assert.equal(readTracker('[::1]:6969/announce').url, 'udp://[::1]:6969/announce')
  assert.deepEqual(readTracker('[::1]:6969').parts, {
    host: '::1',
    port: 6969,
    requestString: '',
    family: 6
  })
  for (const text of ['a.test', '', 'C:\\list.txt', 'a b:1', '/a:1']) {
    assert.throws(() => readTracker(text), /is not a tracker URL/, text)
  }
})

test('a shortened name still tells which tracker it is', () => {
  assert.equal(shortName('udp://a.test:1/announce'), 'a.test:1')
  assert.equal(shortName('UDP://a.test:1/'), 'a.test:1')
  assert.equal(shortName('udp://a.test:1/x/announce'), 'a.test:1/x')
  assert.equal(shortName('udp://a.test:1/announce?k=1'), 'a.test:1/announce?k=1')
  assert.equal(shortName('https://a.test/announce'), 'https://a.test/announce')
})

describe('a list is read', () => {
  const text = `# mine\r\n${A}\r\n\r\n${B} # ö\r\n`
  const lines = async (t, bytes) => {
    const [file] = temporaryFiles(t, { list: bytes })
    const found = []
    await gather([], [file], (line) => void found.push(...split(line)))
    return found
  }
  const swapped = (buffer) => Buffer.from(buffer).swap16()
  const utf16 = Buffer.from(text, 'utf16le')
  const encodings = {
    'in UTF-8': Buffer.from(text),
    'in UTF-8 with a mark': Buffer.from(`\ufeff${text}`),
    "in UTF-16 with a mark, as PowerShell's > writes it": Buffer.from(`\ufeff${text}`, 'utf16le'),
    'in UTF-16 without one': utf16,
    'in UTF-16, the large end first': swapped(Buffer.from(`\ufeff${text}`, 'utf16le')),
    'in UTF-16, the large end first, without a mark': swapped(utf16),
    'with the ends of lines that old Macs have': Buffer.from(text.replaceAll('\r\n', '\r')),
    'without an end of its last line': Buffer.from(text.trimEnd())
  }
  for (const [name, bytes] of Object.entries(encodings)) {
    test(name, async (t) => assert.deepEqual(await lines(t, bytes), [A, B]))
  }

  test('that is empty, or two bytes long', async (t) => {
    assert.deepEqual(await lines(t, ''), [])
    assert.deepEqual(await lines(t, '#'), [])
    assert.deepEqual(await lines(t, 'ab'), ['ab'])
  })
})

test("aria2's list, which is one line, is checked whole", async (t) => {
  const trackers = [await startScriptedTracker(t), await startScriptedTracker(t)]
  const urls = trackers.map(({ url }) => `${url}/announce`)
  const { code, results } = await check(t, ['-'], { input: `${urls.join(',')},http://h/a\n` })
  assert.equal(code, 0)
  assert.deepEqual(results.map(({ url }) => url).sort(), [...urls, 'http://h/a'].sort())
  for (const tracker of trackers) {
    assert.equal(tracker.announces[0].rest.toString(), '\x02\x09/announce')
  }
})

test('lines that are too long for any list are refused', async (t) => {
  const input = `${'x'.repeat(2 * 1024 * 1024)}\n`
  const { code, stderr } = await runCommand(t, ['check', '-'], { input })
  assert.equal(code, 2)
  assert.ok(stderr.length < 1000, `${stderr.length}`)
})
