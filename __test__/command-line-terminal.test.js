// Nothing that a tracker, a file or an argument says reaches a terminal as a command, or breaks a line; and how wide texts
// are there.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { Writable } = require('node:stream')
const Output = require('../cli/output/terminal.js')
const { shown, json, quoted } = require('../cli/output/text.js')
const { widthOf, fit, column, wrap } = require('../cli/output/text-width.js')
const { csvLine, Metrics } = require('../cli/output/formats.js')
const { runCommand, namesEnvironment, temporaryFiles } = require('./support/command-line.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const wire = require('./support/wire.js')
const { needs } = require('./support/needs.js')

const HASH = 'ab'.repeat(20)
// What a terminal could act on, what reorders text, and what breaks lines; a line's end is the only one that is ours.
const HARMFUL = /[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029]/u
const lines = (text) => text.split('\n')
const isHarmless = (text) => lines(text).every((line) => !HARMFUL.test(line))

// The same texts each time.
function* randoms(seed) {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    yield state
  }
}

const EVIL = [
  '\x1b]0;title\x07',
  '\x1b[2J',
  '\x9b31m',
  '\x90q\x9c',
  '\u202e',
  '\u2066',
  '\u2028',
  '\u2029',
  '\x00',
  '\x7f',
  '\x08',
  '\r',
  '\n',
  '\t',
  '\ud800',
  '\udfff',
  '\x85',
  '"',
  '\\',
  ',',
  '例',
  'e\u0301',
  '👩‍👩‍👧',
  'x',
  ' ',
  'udp://'
]

function* evilTexts(count) {
  const numbers = randoms(1)
  const next = (most) => numbers.next().value % most
  for (let i = 0; i < count; i++) {
    let text = ''
    for (let length = 1 + next(12); length > 0; length--) text += EVIL[next(EVIL.length)]
    yield text
  }
}

// What an Output writes.
function written(use, { isTTY = false, columns = 60, env = { FORCE_COLOR: '1' } } = {}) {
  let text = ''
  const stream = new Writable({
    write(bytes, encoding, done) {
      text += bytes
      done()
    }
  })
  use(new Output(Object.assign(stream, { isTTY, columns }), env, assert.fail))
  return text
}

const OURS = new RegExp(
  `${'\x1b'}\\[\\d+m|\r${'\x1b'}\\[2K|${'\x1b'}\\[2K|${'\x1b'}\\[\\d+A\r`,
  'g'
)

test('every way to print escapes control characters, with a style and without', () => {
  for (const text of evilTexts(2000)) {
    const cell = column(shown(text), 12)
    const ways = [
      (out) => out.line(text),
      (out) => out.lines([[text, ['red', text], cell], [['bold', text]]]),
      (out) => out.prose(text, 'red'),
      (out) => out.transient(text),
      (out) => out.again([text, [['bold', text]]], 2),
      (out) => out.line(json({ [text]: text })),
      (out) => out.line(csvLine([text, text])),
      (out) => out.line(quoted(text))
    ]
    for (const isTTY of [false, true]) {
      ways.forEach((way, index) => {
        const output = written(way, { isTTY }).replaceAll(OURS, '')
        assert.ok(isHarmless(output), `${index} ${JSON.stringify(text)}: ${JSON.stringify(output)}`)
      })
    }
    assert.equal(lines(written((out) => out.line(text))).length, 2)
  }
})

test('JSON of harmful texts is JSON of the same texts', () => {
  for (const text of evilTexts(2000)) {
    const line = json({ text })
    assert.ok(isHarmless(line) && !line.includes('\n'))
    assert.equal(JSON.parse(line).text, text)
  }
})

test('labels of metrics hold what they are given, in a way that Prometheus reads', () => {
  for (const text of evilTexts(500)) {
    const metrics = new Metrics().family('m', 'Help.')
    metrics.add('m', { text }, 1)
    const line = written((out) => out.lines(metrics.lines())).split('\n')[2]
    assert.match(line, /^m\{text="(?:[^"\\\n]|\\\\|\\")*"\} 1$/)
  }
})

describe('nothing that comes from outside reaches the terminal as a command:', () => {
  const TITLE = '\x1b]0;pwned\x07\x9b2J\u202e'
  const NAMES = namesEnvironment({ 'tracker.test': ['127.0.0.1'] })
  const FORMATS = [[], ['--json'], ['--format', 'csv'], ['--format', 'openmetrics']]
  const runIn = async (t, format, args, options) => {
    const { stdout, stderr } = await runCommand(t, [...args, ...format], options)
    assert.ok(isHarmless(stdout), JSON.stringify(stdout))
    assert.ok(isHarmless(stderr), JSON.stringify(stderr))
    assert.ok((stdout + stderr).length > 0)
  }
  const run = (t, args, options) => {
    const formats = FORMATS.slice(0, args[0] === 'announce' ? 2 : 4)
    return Promise.all(formats.map((format) => runIn(t, format, args, options)))
  }
  // Each text and each command has every format, but not each text with each command: a process takes a fifth of a second.
  const runEach = async (t, texts, commandsOf) => {
    for (const [row, text] of texts.entries()) {
      await Promise.all(
        commandsOf(text).map(([args, options], column) =>
          runIn(t, FORMATS[(row + column) % FORMATS.length], args, options)
        )
      )
    }
  }
  const refusing = (t) =>
    startScriptedTracker(t, {
      announce: (request) => wire.errorResponse(request, TITLE),
      scrape: (request) => wire.errorResponse(request, TITLE)
    })

  test("a tracker's words", async (t) => {
    const { url } = await refusing(t)
    await run(t, ['announce', url, HASH])
    await run(t, ['scrape', url, HASH])
    await run(t, ['check', url])
    const closed = await startScriptedTracker(t, {
      connect: (request) => wire.errorResponse(request, TITLE)
    })
    await run(t, ['check', closed.url])
    await run(t, ['ping', closed.url, '--count', '1'])
  })

  test('a URL, of UDP or not, in an argument and in a list', async (t) => {
    const { url } = await startScriptedTracker(t)
    const urls = [`${url}/${TITLE}`, `http://${TITLE}`, `udp://${TITLE}`, `${TITLE}://x`, TITLE]
    await runEach(t, urls, (one) => [
      [['check', one], { env: NAMES }],
      [['check', '-', '--skip-invalid'], { env: NAMES, input: `${one}\n${url}` }],
      [['scrape', one, HASH], { env: NAMES }],
      [['ping', one, '--count', '1'], { env: NAMES }]
    ])
  })

  test('names of files and torrents, keys and values in a .torrent file', async (t) => {
    const { url } = await startScriptedTracker(t)
    const text = Buffer.from(TITLE)
    const string = `${text.length}:${text.toString('latin1')}`
    const torrents = [
      `d${string}i1e${string}i2e4:infod4:name${string}ee`,
      `d4:infod4:name${string}e`,
      `d4:infoi1e${string}`,
      `d8:announce${string}4:infodee`
    ]
    // A name with a "/" is none, and Windows has none with control characters at all.
    const name = process.platform === 'win32' ? 'x.torrent' : `${TITLE}.torrent`
    const files = torrents.flatMap((content) =>
      temporaryFiles(t, { [name]: Buffer.from(content, 'latin1') })
    )
    await runEach(t, files, (file) => [
      [['scrape', url, file]],
      [['scrape', file]],
      [['scrape', url, '-', '--files'], { input: file }],
      [['check', '--info-hash', file, url]]
    ])
    await run(t, ['scrape', url, `${path.sep}${TITLE}`])
    await run(t, ['scrape', url, '--file', TITLE])
    await run(t, ['scrape', url, `magnet:?xt=urn:btih:${HASH}&dn=${encodeURIComponent(TITLE)}`])
    await run(t, ['scrape', url, `magnet:?xt=urn:btih:${TITLE}`])
  })

  test('options, commands and values', async (t) => {
    for (const args of [
      [TITLE],
      ['help', TITLE],
      ['check', 'udp://127.0.0.1:1', `--${TITLE}`],
      ['check', 'udp://127.0.0.1:1', '--timeout', TITLE],
      ['check', 'udp://127.0.0.1:1', '--only', TITLE],
      ['announce', 'udp://127.0.0.1:1', HASH, '--event', TITLE],
      ['announce', 'udp://127.0.0.1:1', HASH, '--peer-id', TITLE]
    ]) {
      const { stdout, stderr } = await runCommand(t, args)
      assert.ok(isHarmless(stdout + stderr), JSON.stringify(stderr))
      assert.match(stderr, /pwned/)
    }
  })
})

describe('the width of a text', () => {
  test('is that of its characters', () => {
    assert.equal(widthOf('abc'), 3)
    assert.equal(widthOf('例え'), 4)
    assert.equal(widthOf('e\u0301'), 1)
    assert.equal(widthOf('한국'), 4)
    assert.equal(widthOf('ﾊﾝｶｸ'), 4)
    assert.equal(widthOf('🚀'), 2)
  })

  test('is what Unicode says of each character', { skip: needs('python3') }, () => {
    // Of characters that its Unicode version knows. Node.js knows a later one, in which a few have changed.
    const script = `
import unicodedata as u
for c in range(0x20, 0x30000):
    ch = chr(c)
    cat = u.category(ch)
    if cat in ('Cn', 'Cs', 'Cc', 'Co'): continue
    w = 0 if cat in ('Mn', 'Me', 'Cf') or 0x1160 <= c <= 0x11ff else 2 if u.east_asian_width(ch) in 'WF' else 1
    if c == 0xad: w = 1
    print(c, w)
`
    const { stdout } = spawnSync('python3', ['-c', script], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26
    })
    const wrong = []
    let count = 0
    for (const line of stdout.trim().split('\n')) {
      const [code, width] = line.split(' ').map(Number)
      count++
      // Two of these letters are a flag.
      if (code >= 0x1f1e6 && code <= 0x1f1ff) continue
      if (widthOf(String.fromCodePoint(code)) !== width) wrong.push(`${code.toString(16)} ${width}`)
    }
    assert.ok(count > 100_000)
    assert.ok(wrong.length < 20, wrong.join())
  })

  test('bounds what fits into a column', () => {
    assert.equal(fit('abcdef', 6), 'abcdef')
    assert.equal(fit('abcdef', 5), 'abcd…')
    assert.equal(fit('例えば', 4), '例…')
    assert.equal(column('例え', 6), '例え  ')
    for (const text of evilTexts(1000)) {
      for (let width = 1; width < 10; width++) {
        assert.equal(widthOf(column(shown(text), width)), width)
      }
    }
  })

  test('bounds lines, which are broken at blanks', () => {
    assert.deepEqual(wrap('one two three', 8), ['one two', 'three'])
    assert.deepEqual(wrap('abcdefghij k', 4), ['abcd', 'efgh', 'ij k'])
    assert.deepEqual(wrap('', 4), [''])
    for (const text of evilTexts(1000)) {
      for (const line of wrap(shown(text), 7)) assert.ok(widthOf(line) <= 7, line)
    }
  })
})
