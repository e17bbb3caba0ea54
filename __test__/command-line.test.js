// The command line as a whole: help, wrong usage, colour, readers that go away, and who loads it.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT, nodeOptions, startScript, slashed } = require('./support/child.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { PROGRAM, startCommand, runCommand, startInTerminal } = require('./support/command-line.js')
const { withoutTerminal } = require('./support/command-line.js')
const { allFlags } = require('../cli/help/describe.js')
const manifest = require('../package.json')

const HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'
const URL = 'udp://127.0.0.1:6969'
const COMMANDS = ['announce', 'scrape', 'check', 'ping']
const ALL = [...COMMANDS, 'completion', 'register-path'].join(', ')
const NAME = 'bittorrent-udp-tracker'
const ESCAPE = '\x1b'

test('the package has it as its program, and ships it', () => {
  assert.deepEqual(manifest.bin, { [NAME]: slashed(path.relative(ROOT, PROGRAM)) })
  for (const folder of ['bin', 'cli']) assert.ok(manifest.files.includes(folder))
  assert.ok(fs.readFileSync(PROGRAM, 'utf8').startsWith('#!/usr/bin/env node\n'))
  if (process.platform !== 'win32') assert.equal(fs.statSync(PROGRAM).mode & 0o111, 0o111)
})

test('an application that uses the package does not load it', async (t) => {
  const tracker = await startScriptedTracker(t)
  const child = startScript(
    t,
    `UdpTracker.announce(process.env.TRACKER_URL, { peerId: 'x'.repeat(20), infoHash: 'a'.repeat(40), port: 6881 })
       .then(() => UdpTracker.scrape(process.env.TRACKER_URL, ['a'.repeat(40)]))
       .then(() => console.log(Object.keys(require.cache).join('\\n')))`,
    tracker.url
  )

  const { stdout } = await child.exit()
  const loaded = stdout.trim().split('\n')
  assert.ok(loaded.includes(path.join(ROOT, 'lib/api/scrape.js')), stdout)
  assert.deepEqual(
    loaded.filter((file) => file.startsWith(path.join(ROOT, 'cli', path.sep))),
    []
  )
})

test('--version prints the version of the package', async (t) => {
  for (const arg of ['--version', '-V', '-v']) {
    const result = await runCommand(t, [arg])
    assert.deepEqual(result, { code: 0, signal: null, stdout: `${manifest.version}\n`, stderr: '' })
  }
})

describe('help', () => {
  test('fits a terminal', async (t) => {
    const { stdout } = await runCommand(t, ['--help'])
    for (const line of stdout.split('\n')) assert.ok(line.length < 80, line)
  })

  test('names the commands, on standard output', async (t) => {
    const { code, stdout, stderr } = await runCommand(t, ['--help'])
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    for (const command of COMMANDS) assert.match(stdout, new RegExp(`^  ${command} `, 'm'))
  })

  test('of an unknown command is wrong usage', async (t) => {
    const { code, stdout, stderr } = await runCommand(t, ['help', 'foo'])
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    assert.equal(stderr, `${NAME}: unknown command "foo"; there are ${ALL}\nTry: ${NAME} --help\n`)
  })

  test('without any argument it goes to standard error, and that is wrong usage', async (t) => {
    const { code, stdout, stderr } = await runCommand(t, [])
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    assert.match(stderr, /^Usage: /)
  })

  for (const command of COMMANDS) {
    test(`of ${command} names each of its options, and is there in three ways`, async (t) => {
      const { code, stdout, stderr } = await runCommand(t, [command, '--help'])
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
      assert.ok(stdout.startsWith(`Usage: ${NAME} ${command} `))
      assert.equal((await runCommand(t, [command, URL, '-h'])).stdout, stdout)
      assert.equal((await runCommand(t, ['help', command])).stdout, stdout)

      const names = allFlags(require(`../cli/${command}`)).map(({ name }) => name)
      assert.ok(names.includes('timeout') && names.includes('json'))
      for (const name of names.filter((name) => !/^[46]$|help/.test(name))) {
        assert.match(stdout, new RegExp(`[ ,]--${name}[ ,]`, 'm'))
      }
    })

    test(`of ${command} has examples that the command accepts`, async (t) => {
      const { stdout } = await runCommand(t, [command, '--help'])
      const description = require(`../cli/${command}`)
      const { examples: lines } = description
      const { parse } = require('../cli/options.js')
      assert.ok(stdout.endsWith(`\n\nExample: ${lines[0]}\n`))
      for (const line of lines) {
        const [, args] = new RegExp(`${NAME} ${command} ([^|>]*)`).exec(line)
        assert.ok(parse(args.trim().split(/ +/), description).positionals.length >= 0)
      }
      assert.ok(lines.length >= 3)
    })

    test(`of ${command} fits one screen`, async (t) => {
      const { stdout } = await runCommand(t, [command, '--help'])
      assert.ok(stdout.split('\n').length <= 24, stdout)
      for (const line of stdout.split('\n')) assert.ok(line.length < 80, line)
    })
  }
})

describe('wrong usage is exit code 2, a line that says what is wrong, and one for help:', () => {
  const cases = [
    [['anounce'], `unknown command "anounce"; there are ${ALL}; did you mean "announce"?`],
    [['toString'], `unknown command "toString"; there are ${ALL}`],
    [['--json', 'scrape'], `the command (${ALL}) comes first, got "--json"`],
    [['scrape', URL, HASH, '--jsn'], 'unknown option "--jsn"; did you mean "--json"?'],
    [['check', URL, '-x'], 'unknown option "-x"'],
    [['check', URL, '--\x1b[31m'], 'unknown option "--\\x1b[31m"'],
    [['scrape', URL, HASH, '--json=yes'], '--json takes no value'],
    [['scrape', URL, HASH, '--timeout'], '--timeout needs a value'],
    [['scrape'], 'the URL of a tracker is missing'],
    [
      ['scrape', 'tracker.example', HASH],
      '"tracker.example" is neither a tracker URL (udp://host:port) nor an info-hash (40 digits of hex, 32 of base32, a magnet link or a .torrent file)'
    ],
    [
      ['announce', 'http://tracker.example/', HASH],
      '"http://tracker.example/" is not a UDP tracker: those begin with udp://'
    ],
    [['scrape', 'udp://:1', HASH], 'announce URL has no host: udp://:1'],
    [['announce', 'udp://h:0', HASH], 'announce URL is not valid (port 0): udp://h:0'],
    [['scrape', URL], 'nothing to scrape: give info-hashes, --file LIST, or -'],
    [['check'], 'nothing to check: give URLs, --file LIST, or -'],
    [['ping'], 'nothing to ping: give URLs, --file LIST, or -'],
    [
      ['check', URL, '--format', 'xml'],
      '--format must be one of table, json, csv, openmetrics, got "xml"'
    ],
    [['check', URL, '--json', '--format', 'csv'], '--json and --format csv exclude each other'],
    [['check', URL, '--sort', 'age'], '--sort must be one of latency, name, status, got "age"'],
    [
      ['check', URL, '--only', 'good'],
      '--only must be of works, no-scrape, refuses, failed, skipped, invalid, got "good"'
    ],
    [
      ['check', URL, '--concurrency', '0'],
      '--concurrency must be a whole number from 1 to 10000, got "0"'
    ],
    [
      ['ping', URL, '--interval', '0.1'],
      '--interval must be seconds from 0.2 to 2147483, got "0.1"'
    ],
    ...['0', '-1', 'soon', '', '1e3', '9999999'].map((value) => [
      ['scrape', URL, HASH, '--timeout', value],
      `--timeout must be seconds from 0.001 to 2147483, got "${value}"`
    ]),
    [['check', URL, '--family', '5'], '--family must be 4 or 6, got "5"']
  ]
  for (const [args, message] of cases) {
    test(JSON.stringify(args), async (t) => {
      const result = await runCommand(t, args)
      const isCommand = COMMANDS.includes(args[0])
      const speaker = isCommand ? `${NAME} ${args[0]}` : NAME
      assert.deepEqual(result, {
        code: 2,
        signal: null,
        stdout: '',
        stderr: `${speaker}: ${message}\nTry: ${NAME} ${isCommand ? `${args[0]} ` : ''}--help\n`
      })
    })
  }
})

test('every command reports a name without an address in the same words', async (t) => {
  const url = 'udp://nonexistent.invalid:1'
  const commands = {
    announce: [url, HASH],
    scrape: [url, HASH],
    check: [url],
    ping: [url]
  }
  const reasons = new Set()
  for (const [command, args] of Object.entries(commands)) {
    const { code, stdout, stderr } = await runCommand(t, [command, ...args])
    assert.equal(code, 1)
    reasons.add(/(no such host|no answer from the name server)/.exec(stdout + stderr)[1])
  }
  assert.equal(reasons.size, 1)
})

describe('colour', () => {
  // A header is bold, so that there is something to see.
  const coloured = async (t, env) => {
    const tracker = await startScriptedTracker(t)
    const { code, stdout } = await runCommand(t, ['scrape', tracker.url, HASH], { env })
    assert.equal(code, 0)
    return stdout.includes(ESCAPE)
  }

  test('is not for pipes', async (t) => assert.equal(await coloured(t), false))

  test('is there with FORCE_COLOR, whatever NO_COLOR says', async (t) => {
    assert.equal(await coloured(t, { FORCE_COLOR: '1', NO_COLOR: '1' }), true)
  })

  test('is not there with FORCE_COLOR=0', async (t) => {
    assert.equal(await coloured(t, { FORCE_COLOR: '0' }), false)
  })

  const inTerminal = async (t, env) => {
    const tracker = await startScriptedTracker(t)
    const terminal = startInTerminal(t, `$TRACKER scrape ${tracker.url} ${HASH}`, env)
    assert.equal(await terminal.exit(), 0)
    assert.match(terminal.stdout, /INFO-HASH/)
    return terminal.stdout.includes(ESCAPE)
  }

  test('is for terminals', { skip: withoutTerminal }, async (t) => {
    assert.equal(await inTerminal(t), true)
  })

  test('is not for terminals with NO_COLOR or TERM=dumb', { skip: withoutTerminal }, async (t) => {
    assert.equal(await inTerminal(t, { NO_COLOR: '1' }), false)
    assert.equal(await inTerminal(t, { TERM: 'dumb' }), false)
  })
})

test('a reader that goes away ends it quietly, even when there is more to print', async (t) => {
  // Only the first request is answered: what is written after the reader has gone comes when the test says so.
  let second
  const tracker = await startScriptedTracker(t, { scrape: () => [] })
  const hashes = Array.from({ length: 61 }, (_, i) => i.toString(16).padStart(40, '0'))
  const child = startCommand(t, ['scrape', tracker.url, ...hashes, '--json'])
  const requests = [await tracker.nextScrape(), await tracker.nextScrape()]
  const { scrapeResponse } = require('./support/wire.js')
  const answer = (request) =>
    tracker.send(
      scrapeResponse(
        request,
        request.infoHashes.map(() => ({}))
      ),
      request
    )

  requests.sort((a, b) => b.infoHashes.length - a.infoHashes.length)
  child.process.stdout.once('data', () => {
    child.process.stdout.destroy()
    second = answer(requests[1])
  })
  await answer(requests[0])
  const { code, signal, stderr } = await child.exit()
  await second

  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
})

describe('where the addon cannot be loaded', () => {
  const broken = path.join(ROOT, '__test__/support/without-addon.js')
  const cases = {
    announce: [URL, HASH],
    scrape: [URL, HASH],
    check: [URL, 'udp://127.0.0.1:1'],
    ping: [URL, 'udp://127.0.0.1:1']
  }
  for (const [command, args] of Object.entries(cases)) {
    test(`${command} says so once, with an exit code of its own`, async (t) => {
      const { code, stdout, stderr } = await runCommand(t, [command, ...args], {
        env: { NODE_OPTIONS: nodeOptions(`--require ${JSON.stringify(broken)}`) }
      })
      assert.deepEqual({ code, stdout }, { code: 3, stdout: '' })
      const message = /^[^\n]* no addon for [^\n]* build it, with Rust [^\n]*\n$/
      assert.match(stderr, message)
      assert.ok(stderr.startsWith(`${NAME} ${command}: `))
    })
  }
})
