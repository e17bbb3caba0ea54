// What commands are given: other people's lists, bad lines, magnet links and torrents of both versions, in every command.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const { isEmptyOfUrls, readTracker, split } = require('../cli/input/tracker-url.js')
const { runCommand, check, jsonLines, temporaryFiles } = require('./support/command-line.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')

const A = 'udp://a.test:1/announce'
const B = 'udp://b.test:2/announce'
const HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'

describe('two trackers are two', () => {
  const cases = {
    'with a semicolon': `${A};${B}`,
    'with a bar': `${A}|${B}`,
    'with <br>': `${A}<br>${B}`,
    'with <br /> and blanks': `${A} <br /> ${B}`,
    'with the two characters of an end of line': `${A}\\n${B}`,
    'with \\r\\n': `${A}\\r\\n${B}\\r\\n`,
    'in a list of aria2': `bt-tracker=${A},${B}`,
    'in JSON': JSON.stringify([A, B]),
    'in JSON with escaped slashes': JSON.stringify([A, B]).replaceAll('/', '\\/'),
    'in items of HTML': `<ul><li>${A}</li><li>${B}</li></ul>`,
    'in links of HTML': `<a href="${A}">one</a> <a href='${B}'>two</a>`,
    'in quotes': `"${A}" '${B}'`,
    'in brackets': `<${A}> (${B})`,
    'in an item of YAML': `- ${A}, ${B}`,
    'with a full-width mark of a list': `* ${A}  ${B}`
  }
  for (const [name, text] of Object.entries(cases)) {
    test(name, () => assert.deepEqual(split(text), [A, B]))
  }

  test('of which the second has no scheme', () => {
    assert.deepEqual(split(`${A},b.test:2/announce`), [A, 'b.test:2/announce'])
    assert.deepEqual(split('a.test:1|b.test:2;c.test:3'), ['a.test:1', 'b.test:2', 'c.test:3'])
  })

  test('or refused: never one', () => {
    for (const between of ['', '&', '+', '%0A', '/', ':', '&tr=', '\\u000a']) {
      const [only, ...rest] = split(A + between + B)
      if (rest.length === 0) assert.throws(() => readTracker(only), /another URL in it/, between)
    }
  })

  test('and lines of JSON and YAML without any are none', () => {
    for (const line of ['[', '],', '{', '}', 'trackers:', '  "trackers": [', '---']) {
      assert.ok(isEmptyOfUrls(line.trim()), line)
    }
    for (const line of ['tracker', A, 'a.test', '/x']) assert.ok(!isEmptyOfUrls(line), line)
  })
})

describe('lists as other people publish them', () => {
  const LISTS = {
    'trackers.json': (urls) => JSON.stringify({ trackers: urls }, null, 2),
    'trackers.yml': (urls) => `---\ntrackers:\n${urls.map((url) => `  - "${url}"\n`).join('')}`,
    'aria2.conf': (urls) => `bt-tracker=${urls.join(',')}\n`,
    'settings.conf': (urls) =>
      `dir=/srv\n# a comment\nbt-tracker=${urls.join(',')}\nseed-time=0\nheader=A: b\n`,
    'table.csv': (urls) => `name,url,status\n${urls.map((url) => `"a, b",${url},ok\n`).join('')}`,
    'table.tsv': (urls) => `status\tTracker\n${urls.map((url) => `1\t${url}\n`).join('')}`,
    'lines.json': (urls) =>
      urls.map((url) => `${JSON.stringify({ url, at: 'udp://x:1' })}\n`).join(''),
    'README.md': (urls) =>
      `# Trackers\n\n| tracker | uptime |\n| --- | --- |\n${urls.map((url) => `| ${url} | 99 % |\n`).join('')}`,
    'list.xml': (urls) =>
      `<list><one>${urls[0]}</one>\n${urls
        .slice(1)
        .map((url) => `<one url="${url}"/>`)
        .join('')}</list>\n`,
    'page.html': (urls) =>
      `<!DOCTYPE html>\n<html><head><title>Good ones</title></head>\n<body>\n<p>Here they are:\n` +
      `<a href="https://example.org/about">about</a>\n${urls.map((url) => `<li><code>${url}</code></li>`).join('\n')}\n</body></html>`
  }
  for (const [name, listOf] of Object.entries(LISTS)) {
    test(name, async (t) => {
      const trackers = [await startScriptedTracker(t), await startScriptedTracker(t)]
      const urls = trackers.map(({ url }) => `${url}/announce`)
      const [file] = temporaryFiles(t, { [name]: listOf(urls) })
      const { code, results } = await check(t, ['--file', file])
      assert.deepEqual(results.map(({ url }) => url).sort(), urls.sort())
      assert.equal(code, 0)
    })
  }
})

test('what check prints with --json and --format csv is a list', async (t) => {
  const trackers = [await startScriptedTracker(t), await startScriptedTracker(t)]
  const urls = trackers.map(({ url }) => `${url}/a,b;c`).sort()
  for (const format of ['json', 'csv']) {
    const { stdout } = await runCommand(t, ['check', ...urls, '--format', format])
    const [file] = temporaryFiles(t, { list: stdout })
    const { code, results } = await check(t, ['--file', file])
    assert.deepEqual([code, results.map(({ url }) => url).sort()], [0, urls], format)
  }
})

test('a bad line is a row, the rest is done, and the exit code says so, in every command', async (t) => {
  const { url } = await startScriptedTracker(t)
  const [file] = temporaryFiles(t, { list: `${url}\n${url}|x y\nno tracker\n${HASH.slice(1)}\n` })
  const runs = {
    check: ['check', '--file', file],
    ping: ['ping', '--file', file, '-c', '1'],
    scrape: ['scrape', HASH, '--file', file],
    announce: ['announce', HASH, '--file', file]
  }
  for (const [command, args] of Object.entries(runs)) {
    const { code, stdout } = await runCommand(t, [...args, '--json'])
    assert.equal(code, 2, command)
    const rows = jsonLines(stdout)
    const bad = rows.filter(({ error }) => error?.code === 'INVALID').map(({ place }) => place)
    assert.deepEqual(bad, [`${file}:2`, `${file}:3`, `${file}:4`], command)
    assert.ok(
      rows.some((row) => row.url === url && row.error === undefined),
      command
    )
    assert.equal((await runCommand(t, [...args, '--json', '--skip-invalid'])).code, 0, command)
  }
})

describe('a magnet link and a torrent are taken by every command', () => {
  const commands = { check: [], ping: ['-c', '1'], scrape: [], announce: [] }
  const run = async (t, thing, tracker) => {
    for (const [command, more] of Object.entries(commands)) {
      const { code, stdout } = await runCommand(t, [command, thing, ...more, '--json'])
      assert.equal(code, 0, command)
      assert.equal(jsonLines(stdout)[0].url, `${tracker.url}/announce`)
    }
    for (const { infoHash } of tracker.announces) assert.equal(infoHash.toString('hex'), HASH)
  }

  test('of which the one', async (t) => {
    const tracker = await startScriptedTracker(t)
    await run(t, `magnet:?xt=urn:btih:${HASH}&tr=${tracker.url}/announce&tr=http://h/`, tracker)
  })

  test('of both versions are asked for by both', async (t) => {
    const tracker = await startScriptedTracker(t)
    const info = 'd12:meta versioni2e4:name1:x6:pieces0:e'
    const url = `${tracker.url}/announce`
    const [file] = temporaryFiles(t, {
      'a.torrent': `d8:announce${url.length}:${url}4:info${info}e`
    })
    const both = ['sha1', 'sha256'].map((algorithm) =>
      createHash(algorithm).update(info).digest('hex').slice(0, 40)
    )
    for (const command of ['scrape', 'announce']) {
      const { code, stdout } = await runCommand(t, [command, file, '--json'])
      assert.equal(code, 0)
      assert.deepEqual(
        jsonLines(stdout).map(({ infoHash }) => infoHash),
        both
      )
    }
  })

  test('several trackers are each asked for each torrent', async (t) => {
    const trackers = [await startScriptedTracker(t), await startScriptedTracker(t)]
    const urls = trackers.map(({ url }) => url)
    for (const command of ['scrape', 'announce']) {
      const args = [command, ...urls, HASH, 'ab'.repeat(20), '--json']
      const { code, stdout } = await runCommand(t, args)
      assert.equal(code, 0)
      const pairs = jsonLines(stdout).map(({ url, infoHash }) => `${url} ${infoHash}`)
      assert.equal(new Set(pairs).size, 4, command)
    }
  })
})
