// What shells get: short options, completion, the man page, a locale without UTF-8, and proxies that are not in argv.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { PROGRAM, runCommand, temporaryFiles, check } = require('./support/command-line.js')
const { nodeOptions } = require('./support/child.js')
const { PROXIES } = require('./support/portable.js')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { startSocksProxy } = require('./support/socks-proxy.js')
const { needs } = require('./support/needs.js')
const { COMMANDS, NAMES } = require('../cli/commands.js')
const { allFlags } = require('../cli/help/describe.js')
const { meant } = require('../cli/help/suggest.js')
const man = require('../scripts/man.js')

const HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'

describe('options', () => {
  test('of ping and curl have their letters', async (t) => {
    const tracker = await startScriptedTracker(t)
    const args = ['ping', '-4', '-c', '2', '-i', '.2', '-W', '2', '-q', tracker.url]
    const { code, stdout, stderr } = await runCommand(t, args)
    assert.deepEqual([code, stderr, tracker.connects.length], [0, '', 2])
    assert.match(stdout, /^TRACKER .*\n127\.0\.0\.1:\d+ +2 +0% .*\n$/)
    assert.equal((await runCommand(t, ['check', '-6', tracker.url])).code, 1)
    assert.equal((await runCommand(t, ['check', '-46', tracker.url])).code, 2)
  })

  test('a URL alone is checked', async (t) => {
    const tracker = await startScriptedTracker(t)
    const magnet = `magnet:?xt=urn:btih:${'ab'.repeat(20)}&tr=${tracker.url}`
    for (const args of [[tracker.url], ['-4', tracker.url], ['-W', '9', tracker.url], [magnet]]) {
      const { code, stdout } = await runCommand(t, [...args, '--json'])
      assert.deepEqual([code, JSON.parse(stdout).status], [0, 'works'], args[0])
    }
    const { code, stderr } = await runCommand(t, ['--timeout', '9', 'ping', tracker.url])
    assert.equal(code, 2)
    assert.match(stderr, /the command \(.*\) comes first/)
  })

  test('a file that is a list is told to be given with --file', async (t) => {
    const [file] = temporaryFiles(t, { 'list.txt': 'udp://a:1\n' })
    for (const command of ['check', 'ping', 'scrape', 'announce']) {
      const { code, stderr } = await runCommand(t, [command, file])
      assert.equal(code, 2)
      assert.ok(stderr.includes(`if it is a list: --file ${file}\n`), stderr)
    }
    const { code, stderr } = await runCommand(t, [file])
    assert.equal(code, 2)
    assert.ok(stderr.includes(`to check a list: check --file ${file}\n`), stderr)
  })

  test('what is nearly right is suggested, and nothing else', () => {
    const words = ['check', 'ping', 'scrape', 'announce']
    const cases = {
      chek: 'check',
      chekc: 'check',
      pign: 'ping',
      anounce: 'announce',
      scr: 'scrape'
    }
    for (const [text, word] of Object.entries(cases)) assert.equal(meant(text, words), word)
    for (const text of ['toString', 'foo', 'x', 'a'.repeat(1000)])
      assert.equal(meant(text, words), null)
  })
})

describe('completion', () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    test(`for ${shell} has each command and option`, async (t) => {
      const { code, stdout } = await runCommand(t, ['completion', shell])
      assert.equal(code, 0)
      for (const name of NAMES) {
        assert.ok(stdout.includes(name))
        for (const { name: flag } of allFlags(COMMANDS[name]()))
          assert.ok(stdout.includes(flag), flag)
      }
    })

    test(`for ${shell} is read by it`, { skip: needs(shell) }, async (t) => {
      const { stdout } = await runCommand(t, ['completion', shell])
      const [file] = temporaryFiles(t, { completion: stdout })
      const read = spawnSync(shell, ['-n', file], { encoding: 'utf8' })
      assert.deepEqual([read.status, read.stderr], [0, ''])
    })
  }

  test('in bash completes commands, options and words', { skip: needs('bash') }, async (t) => {
    const { stdout } = await runCommand(t, ['completion', 'bash'])
    const [file] = temporaryFiles(t, { completion: stdout })
    const complete = (...words) => {
      const script = `. "$0"; COMP_WORDS=(bittorrent-udp-tracker "$@"); COMP_CWORD=$#; _bittorrent_udp_tracker; echo "\${COMPREPLY[@]}"`
      return spawnSync('bash', ['-c', script, file, ...words], { encoding: 'utf8' }).stdout.trim()
    }
    assert.equal(complete('ch'), 'check')
    assert.equal(complete('check', '--conc'), '--concurrency')
    assert.equal(complete('check', '--sort', 'l'), 'latency')
    assert.equal(complete('ping', '--format', 'o'), 'openmetrics')
    assert.equal(complete('announce', '--family', ''), '4 6 both')
    assert.equal(complete('completion', 'f').split(' ')[0], 'fish')
  })

  test('for another shell is wrong usage', async (t) => {
    assert.equal((await runCommand(t, ['completion', 'tcsh'])).code, 2)
  })
})

test('the man page has each command, option and exit code, and man has nothing to say against it', async (t) => {
  const page = man.page()
  const plain = page.replaceAll('\\-', '-')
  for (const name of NAMES) {
    assert.ok(plain.includes(`.SH ${name.toUpperCase()}`))
    for (const { name: flag } of allFlags(COMMANDS[name]())) assert.ok(plain.includes(flag), flag)
  }
  for (const code of [0, 1, 2, 3, 70, 130, 143, 129]) assert.ok(plain.includes(`.B ${code}\n`))
  if (needs('groff')) return t.skip(needs('groff'))
  const [file] = temporaryFiles(t, { 'page.1': page })
  const { status, stderr, stdout } = spawnSync('groff', ['-man', '-Tascii', '-ww', file], {
    encoding: 'utf8'
  })
  assert.deepEqual([status, stderr], [0, ''])
  assert.match(stdout, /EXIT|E.EX/)
})

describe('LC_ALL=C', () => {
  const ascii = /^[\n\x20-\x7e]*$/
  test('has ASCII in tables, in pipes as well', async (t) => {
    const tracker = await startScriptedTracker(t)
    const dead = await startScriptedTracker(t, { connect: silent })
    const path = '/\u30b2\u30fc\u30e0'
    const args = [tracker.url + path, dead.url, '-W', '.3']
    for (const command of [['check'], ['ping', '-c', '2', '-i', '.2']]) {
      const { stdout } = await runCommand(t, [...command, ...args], { env: { LC_ALL: 'C' } })
      assert.match(stdout, ascii)
      assert.ok(stdout.includes('??????'), 'as wide as it was')
      const utf8 = await runCommand(t, [...command, ...args], { env: { LC_ALL: 'en_US.UTF-8' } })
      assert.doesNotMatch(utf8.stdout, ascii)
    }
  })

  test('leaves JSON as it is', async (t) => {
    const tracker = await startScriptedTracker(t)
    const url = `${tracker.url}/\u30b2`
    const { results } = await check(t, [url], { env: { LC_ALL: 'C' } })
    assert.equal(results[0].url, url)
  })
})

test(
  'a proxy is taken from a file and from ALL_PROXY, and a kind that has no UDP is refused',
  PROXIES,
  async (t) => {
    const tracker = await startScriptedTracker(t)
    const proxy = await startSocksProxy(t)
    const url = `socks5h://127.0.0.1:${proxy.port}`
    const [file] = temporaryFiles(t, { proxy: `${url}\n` })
    const scrape = (args, env) => runCommand(t, ['scrape', tracker.url, HASH, ...args], { env })
    assert.equal((await scrape(['--proxy', `@${file}`], {})).code, 0)
    assert.equal((await scrape([], { ALL_PROXY: url })).code, 0)
    const [from] = tracker.requests.map(({ from: { port } }) => port)
    assert.ok(from !== undefined)
    assert.equal((await scrape([], { ALL_PROXY: 'socks4://127.0.0.1:1' })).code, 2)
    assert.equal((await scrape([], { ALL_PROXY: 'http://127.0.0.1:1' })).code, 0)
    assert.equal((await scrape(['--proxy', `@${file}.not`], {})).code, 2)
  }
)

test('register-path is a URL that works from any folder, through NODE_OPTIONS', async (t) => {
  const [file] = temporaryFiles(t, { 'app.js': "console.log('runs')" })
  const { stdout } = await runCommand(t, ['register-path'])
  const url = stdout.trim()
  assert.match(url, /^file:\/\/\/\S+\/register\.mjs$/)
  const { status, stdout: said } = spawnSync(process.execPath, [file], {
    cwd: path.dirname(file),
    env: { ...process.env, NODE_OPTIONS: nodeOptions(`--import=${url}`) },
    encoding: 'utf8'
  })
  assert.deepEqual([status, said], [0, 'runs\n'])
  assert.ok(PROGRAM)
})
