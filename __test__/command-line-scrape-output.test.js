// `bittorrent-udp-tracker scrape`: which tracker is asked, in what order and form results are printed, and how long lists
// may be.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const { spawnSync } = require('node:child_process')
const { once } = require('node:events')
const { withSignals } = require('./support/child.js')
const { silent } = require('./support/scripted-tracker.js')
const { runCommand, startCommand, temporaryFiles, jsonLines } = require('./support/command-line.js')
const { freePort } = require('./support/real-trackers.js')
const { hashes, startHeldTracker, startTracker } = require('./support/scrape-tracker.js')
const wire = require('./support/wire.js')

const NAME = 'bittorrent-udp-tracker scrape'
const [ZERO, ONE, TWO, THREE] = hashes(4)

const hashesIn = (text) => jsonLines(text).map(({ infoHash }) => infoHash)

describe('the tracker', () => {
  const magnetOf = (infoHash, ...urls) =>
    `magnet:?xt=urn:btih:${infoHash}${urls.map((url) => `&tr=${encodeURIComponent(url)}`).join('')}`
  const torrentOf = (...urls) =>
    `d13:announce-listl${urls.map((url) => `l${url.length}:${url}e`).join('')}e4:infodee`

  test('may be an option, or host and port alone', async (t) => {
    const tracker = await startTracker(t)
    for (const args of [
      ['--url', tracker.url, ONE],
      [tracker.url.slice(6), ONE]
    ]) {
      const { code, stdout } = await runCommand(t, ['scrape', ...args, '--json'])
      assert.deepEqual([code, hashesIn(stdout)], [0, [ONE]])
    }
  })

  test('is that of the magnet link if none is given', async (t) => {
    const tracker = await startTracker(t)
    const link = magnetOf(ONE, 'http://tracker.test/', tracker.url)
    const { code, stdout } = await runCommand(t, ['scrape', link, '--json'])
    assert.deepEqual([code, hashesIn(stdout)], [0, [ONE]])
  })

  test('is that of the .torrent file if none is given', async (t) => {
    const tracker = await startTracker(t)
    const [file] = temporaryFiles(t, { 'a.torrent': torrentOf('wss://tracker.test', tracker.url) })
    const { code, stdout } = await runCommand(t, ['scrape', file])
    assert.equal(code, 0)
    assert.ok(stdout.split('\n')[1].endsWith(` ${file}`), stdout)
  })

  test('are several where several are named, each with what it serves', async (t) => {
    const [a, b] = [await startTracker(t), await startTracker(t)]
    const links = [magnetOf(ONE, a.url, b.url), magnetOf(TWO, a.url)]
    const { code, stdout } = await runCommand(t, ['scrape', ...links, '--json'])
    assert.equal(code, 0)
    const asked = jsonLines(stdout).map(({ url, infoHash }) => `${url} ${infoHash}`)
    assert.deepEqual(asked.sort(), [`${a.url} ${ONE}`, `${a.url} ${TWO}`, `${b.url} ${ONE}`].sort())
    const table = await runCommand(t, ['scrape', ...links])
    const lines = table.stdout.split('\n')
    for (const { url } of [a, b]) assert.match(lines[lines.indexOf(url) + 1], /^INFO-HASH /)
  })

  test('that fails does not matter where another one answers for all of its torrents', async (t) => {
    const tracker = await startTracker(t)
    const dead = await startTracker(t, { scrape: silent })
    const link = magnetOf(ONE, dead.url, tracker.url)
    const args = ['scrape', '--timeout', '1', '--json']
    const first = await runCommand(t, [...args, link])
    assert.equal(first.code, 0)
    assert.deepEqual(
      jsonLines(first.stdout).map(({ url, error }) => [url, error?.code]),
      [
        [tracker.url, undefined],
        [dead.url, 'TIMEOUT']
      ]
    )
    assert.equal((await runCommand(t, [...args, link, magnetOf(TWO, dead.url)])).code, 1)
  })

  test('has to be given for an info-hash that names none', async (t) => {
    const { code, stderr } = await runCommand(t, ['scrape', ONE])
    assert.equal(code, 2)
    assert.match(stderr, /^[^\n]*: the URL of a tracker is missing: info-hashes name none\n/)
    const named = await runCommand(t, ['scrape', `magnet:?xt=urn:btih:${ONE}`])
    assert.equal(named.code, 2)
    assert.match(named.stderr, /^[^\n]* names no UDP tracker: give a URL before it\n/)
  })
})

describe('what is printed', () => {
  test('is sorted as --sort says, and equal ones in the order asked', async (t) => {
    const tracker = await startTracker(t, {
      scrape: (request) =>
        wire.scrapeResponse(request, [
          { seeds: 5, leechers: 1 },
          { seeds: 9, leechers: 1 },
          { seeds: 5, leechers: 7 },
          { seeds: 4294967295, leechers: 0 }
        ])
    })
    const sorted = async (...args) =>
      hashesIn(
        (await runCommand(t, ['scrape', tracker.url, ...hashes(4), '--json', ...args])).stdout
      )
    assert.deepEqual(await sorted('--sort', 'seeds'), [THREE, ONE, ZERO, TWO])
    assert.deepEqual(await sorted('--sort', 'leechers'), [TWO, ZERO, ONE, THREE])
    assert.deepEqual(await sorted(), [ZERO, ONE, TWO, THREE])
  })

  test('groups digits, and ends with a summary', async (t) => {
    const tracker = await startTracker(t, {
      scrape: (request) =>
        wire.scrapeResponse(request, [
          { seeds: 1_234_567, leechers: 1000, completed: 3_000_000_000 },
          { seeds: 1, leechers: 0, completed: 3_000_000_000 }
        ])
    })
    const { stdout } = await runCommand(t, ['scrape', tracker.url, ONE, TWO])
    assert.match(stdout, / 1,234,567 +1,000 +3,000,000,000\n/)
    const sum =
      /\n\n2 torrents in \d+\.\d s: 1,234,568 seeds, 1,000 leechers, 6,000,000,000 completed\n$/
    assert.match(stdout, sum)
  })

  test('with --format csv is quoted where it has to be', async (t) => {
    const tracker = await startTracker(t)
    const link = `magnet:?xt=urn:btih:${ONE}&dn=a%2C%22b%22%0a`
    const { stdout } = await runCommand(t, ['scrape', tracker.url, link, TWO, '--format', 'csv'])
    assert.equal(
      stdout,
      'url,infoHash,seeds,leechers,completed,from\n' +
        `${tracker.url},${ONE},1,3,2,"a,""b""\\x0a"\n` +
        `${tracker.url},${TWO},2,6,4,\n`
    )
  })

  test('with --format openmetrics has each torrent once', async (t) => {
    const tracker = await startTracker(t)
    const args = ['scrape', tracker.url, ONE, ONE, TWO, '--format', 'openmetrics']
    const { stdout } = await runCommand(t, args)
    const seeds = (infoHash) =>
      `bittorrent_torrent_seeds{url="${tracker.url}",info_hash="${infoHash}"}`
    assert.deepEqual(stdout.split('\n').slice(0, 4), [
      '# HELP bittorrent_torrent_seeds Peers that have the whole torrent.',
      '# TYPE bittorrent_torrent_seeds gauge',
      `${seeds(ONE)} 1`,
      `${seeds(TWO)} 2`
    ])
    assert.ok(stdout.endsWith('\n# EOF\n'))
  })
})

describe('a failure', () => {
  test('leaves what has come in, behind what is missing as well, each with its name', async (t) => {
    const list = hashes(200)
    const lines = list.map((infoHash, i) => `magnet:?xt=urn:btih:${infoHash}&dn=torrent+${i}`)
    const [file] = temporaryFiles(t, { 'list.txt': lines.join('\n') })
    const start = ({ url }) => startCommand(t, ['scrape', url, '--file', file, '--format', 'csv'])
    const { tracker, child, answer, requests } = await startHeldTracker(t, start, 4)
    for (const index of [3, 0, 2]) await answer(index)
    await tracker.send(wire.errorResponse(requests[1], 'enough'), requests[1])
    const { code, stdout, stderr } = await child.exit()
    const rows = stdout
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','))
    const expected = [...list.keys()].filter((i) => i < 60 || i >= 120)
    assert.deepEqual(
      rows.map((row) => [row[1], row.at(-1)]),
      expected.map((i) => [list[i], `torrent ${i}`])
    )
    assert.deepEqual(
      [code, stderr],
      [1, `${NAME}: ${tracker.url}: enough (140 of 200 info-hashes answered, 60 missing)\n`]
    )
  })

  test('is silence for as long as --timeout says, and not a scrape that takes longer', async (t) => {
    // Twenty requests, answered one after the other, each a tenth of a second behind the last.
    const held = []
    let timer
    t.after(() => clearInterval(timer))
    const tracker = await startTracker(t, {
      scrape: (request, self) => {
        held.push(() =>
          self.send(
            wire.scrapeResponse(
              request,
              request.infoHashes.map(() => ({}))
            ),
            request
          )
        )
        timer ??= setInterval(() => held.shift()?.(), 100)
        return []
      }
    })
    const list = hashes(20 * 60)
    const args = ['scrape', tracker.url, '-', '--timeout', '1.2', '--json']
    const { code, stdout, stderr } = await runCommand(t, args, { input: list.join('\n') })
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    assert.deepEqual(hashesIn(stdout), list)
  })
})

describe('a list', () => {
  test(
    'names files only with --files, and then only regular ones',
    { skip: process.platform === 'win32' },
    async (t) => {
      const tracker = await startTracker(t)
      const [file] = temporaryFiles(t, { 'a b #1.torrent': 'd4:infodee' })
      const input = `${file}\n/dev/zero\n`
      const refused = await runCommand(t, ['scrape', tracker.url, '-'], { input })
      assert.equal(refused.code, 2)
      assert.match(
        refused.stderr,
        /"[^"]*\.torrent" is a file name: lists may have those only with --files\n/
      )

      const args = ['scrape', tracker.url, '-', '--files', '--skip-invalid', '--json']
      const { code, stdout, stderr } = await runCommand(t, args, { input })
      assert.equal(code, 0)
      assert.equal(
        stderr,
        `${NAME}: left out: standard input:2: cannot read "/dev/zero": it is not a regular file\n`
      )
      assert.deepEqual(
        jsonLines(stdout).map(({ from }) => from),
        [file]
      )
    }
  )

  test('that is a pipe to which nobody writes is ended by Ctrl-C', withSignals, async (t) => {
    const [file] = temporaryFiles(t, { pipe: '' })
    fs.rmSync(file)
    assert.equal(spawnSync('mkfifo', [file]).status, 0)
    const torrent = await runCommand(t, ['scrape', 'udp://127.0.0.1:1', file])
    assert.match(torrent.stderr, /: it is not a regular file\n/)

    const child = startCommand(t, ['scrape', 'udp://127.0.0.1:1', '--file', file])
    const writer = await fs.promises.open(file, 'w') // waits for the reader
    child.process.kill('SIGINT')
    assert.equal((await child.exit()).code, 130)
    await writer.close()
  })

  test('that is endless is refused', { skip: process.platform === 'win32' }, async (t) => {
    const { code, stderr } = await runCommand(t, [
      'scrape',
      'udp://127.0.0.1:1',
      '--file',
      '/dev/zero'
    ])
    assert.equal(code, 2)
    assert.match(stderr, /"\/dev\/zero" is not a list: line 1 has no end\n/)
  })

  test('that comes slowly is scraped when it has ended', async (t) => {
    const tracker = await startTracker(t)
    const child = startCommand(t, ['scrape', tracker.url, '-', '--json'])
    // Cut within a line, within its end, and within a character.
    const bytes = Buffer.from(`${ONE}\r\n# ä\r\n${TWO} # ä\r\n${THREE}`)
    for (let at = 0; at < bytes.length; at += 7) {
      if (!child.process.stdin.write(bytes.subarray(at, at + 7)))
        await once(child.process.stdin, 'drain')
    }
    child.process.stdin.end()
    const { code, stdout } = await child.exit()
    assert.deepEqual([code, hashesIn(stdout)], [0, [ONE, TWO, THREE]])
  })

  // With what node needs for itself there is no more than the list's own 20 bytes for each.
  test(
    'of two million hashes takes less than 200 bytes for each',
    { skip: process.platform !== 'linux' },
    async (t) => {
      const peakOf = async (count) => {
        const tracker = await startTracker(t, { scrape: silent })
        const child = startCommand(t, ['scrape', tracker.url, '-', '--json'])
        const { stdin } = child.process
        stdin.on('error', () => {})
        for (let first = 0; first < count; first += 10_000) {
          let lines = ''
          for (let i = first; i < Math.min(count, first + 10_000); i++)
            lines += `${i.toString(16).padStart(40, '0')}\n`
          if (!stdin.write(lines)) await once(stdin, 'drain')
        }
        stdin.end()
        await tracker.nextScrape()
        const status = fs.readFileSync(`/proc/${child.process.pid}/status`, 'utf8')
        child.process.kill('SIGKILL')
        return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)[1])
      }
      const few = await peakOf(1)
      const many = await peakOf(2_000_000)
      const each = (many - few) / 2_000_000
      assert.ok(each < 200, `${each} bytes for each`)
      t.diagnostic(`${each.toFixed(0)} bytes for each`)
    }
  )
})

test('a tracker whose port is closed is reported with how many results are missing', async (t) => {
  const url = `udp://127.0.0.1:${await freePort()}`
  const { code, stdout, stderr } = await runCommand(t, ['scrape', url, '-', '--timeout', '.5'], {
    input: hashes(1500).join('\n')
  })
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
  assert.match(stderr, /\(0 of 1,500 info-hashes answered, 1,500 missing\)\n$/)
})

test('Ctrl-C while the list is still coming ends it', withSignals, async (t) => {
  const child = startCommand(t, ['scrape', 'udp://127.0.0.1:1', '-'])
  // More than a pipe holds: it reads by the time that this is written.
  const { stdin } = child.process
  stdin.on('error', () => {})
  const lines = `${hashes(5000).join('\n')}\n`
  for (let i = 0; i < 4; i++) if (!stdin.write(lines)) await once(stdin, 'drain')
  child.process.kill('SIGINT')
  assert.equal((await child.exit()).code, 130)
})
