// What other programs and other people read: JSON by its schemas, CSV in a spreadsheet, metrics without passkeys, rules for
// alerts, and the page.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const Ajv = require('ajv')
const { pageOf } = require('../cli/check/page.js')
const Tally = require('../cli/check/tally.js')
const { redacted } = require('../cli/output/names.js')
const { runCommand, jsonLines, temporaryFiles } = require('./support/command-line.js')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { BROWSERS, needs } = require('./support/needs.js')
const { freePort } = require('./support/real-trackers.js')
const wire = require('./support/wire.js')

const ROOT = path.join(__dirname, '..')
const HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'
const FORMULA = '=HYPERLINK("http://h/","x")'
const EVIL = '<script>alert(1)</script><img src=http://h/x>&"\''

const refusing = (t, words) =>
  startScriptedTracker(t, { announce: (request) => wire.errorResponse(request, words) })

test('each line of JSON is as its schema says', async (t) => {
  const tracker = await startScriptedTracker(t)
  const dead = await startScriptedTracker(t, { connect: silent, announce: silent })
  const odd = await refusing(t, 'no')
  const [list] = temporaryFiles(t, { list: 'what\n' })
  const urls = [tracker.url, dead.url, odd.url, 'nonexistent.invalid:1']
  const network = ['-W', '.5', '--file', list, '--json']
  const runs = {
    check: [...urls, 'http://h/', `udp://127.0.0.1:${await freePort()}`],
    ping: [...urls, '-c', '2', '-i', '.2'],
    scrape: [tracker.url, dead.url, HASH, `magnet:?xt=urn:btih:${HASH}&dn=a`],
    announce: [...urls, HASH]
  }
  for (const [command, args] of Object.entries(runs)) {
    const schema = JSON.parse(
      fs.readFileSync(path.join(ROOT, `docs/schemas/${command}.schema.json`))
    )
    const validate = new Ajv().compile(schema)
    const { stdout } = await runCommand(t, [command, ...args, ...network])
    const lines = jsonLines(stdout)
    assert.ok(lines.length >= 3, stdout)
    for (const line of lines) {
      assert.ok(validate(line), `${JSON.stringify(line)} ${JSON.stringify(validate.errors)}`)
      assert.ok(!validate({ ...line, type: 'other' }), 'it tells')
    }
  }
})

test('announce has every format', async (t) => {
  const tracker = await startScriptedTracker(t)
  const run = async (format) =>
    (await runCommand(t, ['announce', tracker.url, HASH, '--format', format])).stdout
  assert.match(
    await run('csv'),
    /^url,infoHash,family,interval,seeds,leechers,peers,error\nudp:.*,1800,/
  )
  assert.match(await run('openmetrics'), /bittorrent_announce_up\{.*\} 1\n[^]*# EOF\n$/)
  assert.match(await run('table'), /^tracker {4}udp:/)
})

test("a tracker's words are no formula in a spreadsheet", async (t) => {
  const tracker = await refusing(t, FORMULA)
  const { stdout } = await runCommand(t, ['check', tracker.url, '--format', 'csv'])
  assert.ok(stdout.includes(`,"'=HYPERLINK(""http://h/"",""x"")",`), stdout)
})

describe('passkeys', () => {
  const KEY = '0123456789abcdef0123456789abcdef'
  test('are hidden in metrics, and everywhere with --redact', async (t) => {
    const tracker = await startScriptedTracker(t)
    const url = `${tracker.url}/${KEY}/announce?passkey=${KEY}`
    const outputs = [
      ['check', url, '--format', 'openmetrics'],
      ['ping', url, '-c', '1', '--format', 'openmetrics'],
      ['scrape', url, HASH, '--format', 'openmetrics'],
      ['announce', url, HASH, '--format', 'openmetrics'],
      ['check', url, '--redact'],
      ['check', url, '--redact', '--json'],
      ['ping', url, '-c', '1', '--redact', '--json'],
      ['scrape', url, HASH, '--redact', '--format', 'csv'],
      ['announce', url, HASH, '--redact']
    ]
    for (const args of outputs) {
      const { code, stdout } = await runCommand(t, args)
      assert.equal(code, 0)
      assert.ok(!stdout.includes(KEY), stdout)
      assert.match(stdout, /redacted-[0-9a-f]{8}/)
    }
    const open = await runCommand(t, ['check', url, '--format', 'openmetrics', '--no-redact'])
    assert.ok(open.stdout.includes(KEY))
  })

  test('of two users stay two, and what is none stays', () => {
    assert.notEqual(redacted('udp://h:1/a1'), redacted('udp://h:1/a2'))
    for (const url of [
      'udp://h:1',
      'udp://h:1/announce',
      'udp://[::1]:1/announce.php',
      'wss://h/'
    ]) {
      assert.equal(redacted(url), url)
    }
    assert.doesNotMatch(redacted('udp://ann:secret@h:1/?k=secret&secret#secret'), /secret|ann/)
  })
})

test('seconds are rounded, and what does not resolve is lost in metrics', async (t) => {
  const tracker = await startScriptedTracker(t)
  const { stdout } = await runCommand(t, ['check', tracker.url, '--format', 'openmetrics'])
  for (const [, number] of stdout.matchAll(/step_seconds\{.*\} (.*)/g))
    assert.match(number, /^\d+(\.\d{1,6})?$/)
  const args = ['ping', 'nonexistent.invalid:1', '-c', '1', '-W', '20', '--format', 'openmetrics']
  const metrics = (await runCommand(t, args)).stdout
  assert.match(
    metrics,
    /ping_sent\{url="udp:\/\/nonexistent\.invalid:1",family="[46]",address=""\} 1\n/
  )
  assert.match(
    metrics,
    /ping_lost\{url="udp:\/\/nonexistent\.invalid:1",family="[46]",address=""\} 1\n/
  )
})

test('the rules of alerts hold what they promise', { skip: needs('promtool') }, () => {
  const folder = path.join(ROOT, 'examples/prometheus')
  const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', 'alerts.test.yml'], {
    cwd: folder,
    encoding: 'utf8'
  })
  assert.equal(status, 0, stdout + stderr)
})

test('the dashboard and the rules know the metrics that there are', async (t) => {
  const tracker = await startScriptedTracker(t)
  const run = async (...args) => (await runCommand(t, [...args, '--format', 'openmetrics'])).stdout
  const written = (await run('check', tracker.url)) + (await run('ping', tracker.url, '-c', '1'))
  for (const file of ['dashboard.json', 'alerts.yml']) {
    const text = fs.readFileSync(path.join(ROOT, 'examples/prometheus', file), 'utf8')
    if (file.endsWith('.json')) assert.ok(JSON.parse(text).panels.length > 5)
    for (const [name] of text.matchAll(/\bbittorrent_tracker_[a-z_]+/g)) {
      assert.ok(written.includes(`${name}{`), name)
    }
  }
})

describe('the page', () => {
  test('of check --html has the verdict, and what a tracker says is text in it', async (t) => {
    const tracker = await refusing(t, EVIL)
    const living = await startScriptedTracker(t)
    const [file] = temporaryFiles(t, { 'page.html': 'old' })
    const args = ['check', tracker.url, living.url, "http://h/'x", '--html', file]
    assert.equal((await runCommand(t, args)).code, 0)
    const page = fs.readFileSync(file, 'utf8')
    assert.match(page, /<h1>2 of 2 alive; fastest udp:/)
    assert.ok(page.includes('&lt;script&gt;alert(1)&lt;/script&gt;'))
    assert.doesNotMatch(
      page,
      /<(script|img|link|iframe|object|embed|base|form|a)\b|<[^>]* (src|on\w+|href)=|@import|url\(/i
    )
    assert.match(page, /default-src 'none'/)
    assert.match(page, /prefers-color-scheme: dark/)
    assert.match(page, /<svg /)
  })

  test('that cannot be written is told of', async (t) => {
    const tracker = await startScriptedTracker(t)
    const { code, stderr } = await runCommand(t, [
      'check',
      tracker.url,
      '--html',
      '/nowhere/page.html'
    ])
    assert.equal(code, 2)
    assert.match(stderr, /cannot write \/nowhere\/page\.html: ENOENT/)
  })

  test('is drawn by a browser, without a script', { skip: needs('chromium') }, (t) => {
    const browser = BROWSERS.find((name) => spawnSync(name, ['--version']).status === 0)
    const tally = new Tally()
    const base = {
      family: 4,
      address: null,
      reason: null,
      lookupMs: 1,
      announceMs: 1,
      scrapeMs: 1,
      interval: 1
    }
    const rows = [12, 40, 300].map((connectMs, i) => ({
      ...base,
      url: `udp://h${i}:1`,
      status: 'works',
      connectMs
    }))
    rows.push({ ...base, url: 'udp://x:1', status: 'failed', reason: EVIL, connectMs: null })
    for (const row of rows) tally.add([row])
    const page = pageOf({ rows, tally, nameOf: (url) => url, at: new Date(0) })
    const [file] = temporaryFiles(t, { 'page.html': page })
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--dump-dom']
    const { stdout } = spawnSync(browser, [...flags, `file://${file}`], {
      encoding: 'utf8',
      timeout: 60_000
    })
    assert.equal((stdout.match(/<rect /g) ?? []).length, (page.match(/<rect /g) ?? []).length)
    assert.equal((stdout.match(/<tr>/g) ?? []).length, 6)
    assert.ok(stdout.includes('failed: &lt;script&gt;'))
  })
})
