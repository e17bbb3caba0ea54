// `bittorrent-udp-tracker scrape`: lists, the order of results, results while others are under way, and an early end.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { once } = require('node:events')
const { withSignals } = require('./support/child.js')
const { deadline } = require('./support/deadline.js')
const { silent } = require('./support/scripted-tracker.js')
const {
  startCommand,
  runCommand,
  printed,
  temporaryFiles,
  jsonLines
} = require('./support/command-line.js')
const {
  A_REQUEST,
  hashes,
  numberOf,
  rowOf,
  startTracker,
  startHeldTracker
} = require('./support/scrape-tracker.js')
const wire = require('./support/wire.js')

const HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'
const NAME = 'bittorrent-udp-tracker scrape'

const withoutTime = (text) => text.replace(/ in \d+(\.\d)? s: /, ' in TIME: ')
const expected = (list, url) =>
  list.map((infoHash) => ({
    type: 'torrent',
    url,
    infoHash,
    ...rowOf(numberOf(Buffer.from(infoHash, 'hex')))
  }))

describe('the result', () => {
  test('is a table for people', async (t) => {
    const tracker = await startTracker(t)
    const [first, second] = [hashes(2)[1], 'f'.repeat(40)]
    const result = await runCommand(t, ['scrape', tracker.url, first, second])
    assert.deepEqual(
      { ...result, stdout: withoutTime(result.stdout) },
      {
        code: 0,
        signal: null,
        stderr: '',
        stdout:
          `INFO-HASH                                     SEEDS   LEECHERS    COMPLETED\n` +
          `${first}          1          3            2\n` +
          `${second}  4,294,967,295  4,294,967,293  4,294,967,294\n` +
          '\n2 torrents in TIME: 4,294,967,296 seeds, 4,294,967,296 leechers, 4,294,967,296 completed\n'
      }
    )
  })

  test('is an object on each line with --json', async (t) => {
    const tracker = await startTracker(t)
    const list = hashes(3)
    const result = await runCommand(t, ['scrape', tracker.url, ...list, '--json'])
    assert.deepEqual({ ...result, stdout: '' }, { code: 0, signal: null, stderr: '', stdout: '' })
    assert.deepEqual(jsonLines(result.stdout), expected(list, tracker.url))
  })

  test('comes in the order asked, duplicates included, however many there are', async (t) => {
    const list = [...hashes(10_000).reverse(), ...hashes(10)]
    const tracker = await startTracker(t)
    const { code, stdout } = await runCommand(t, ['scrape', tracker.url, '-', '--json'], {
      input: list.join('\n')
    })
    assert.equal(code, 0)
    assert.deepEqual(jsonLines(stdout), expected(list, tracker.url))
  })

  test('shows the names of magnet links and files, control characters escaped', async (t) => {
    const tracker = await startTracker(t)
    const [file] = temporaryFiles(t, { 'a.torrent': 'd4:infodee' })
    const link = `magnet:?xt=urn:btih:${HASH}&dn=a%1b%5b31mb`
    const { stdout } = await runCommand(t, ['scrape', tracker.url, HASH, link, file])
    const [header, plain, magnet, torrent] = stdout.split('\n')
    assert.match(header, /COMPLETED {2}FROM$/)
    assert.match(plain, /\d$/)
    assert.ok(magnet.startsWith(HASH) && magnet.endsWith('  a\\x1b[31mb'), magnet)
    assert.ok(torrent.endsWith(`  ${file}`), torrent)

    const json = await runCommand(t, ['scrape', tracker.url, link, HASH, '--json'])
    const [named, bare] = jsonLines(json.stdout)
    assert.equal(named.from, 'a\x1b[31mb')
    assert.deepEqual(Object.keys(bare), [
      'type',
      'url',
      'infoHash',
      'seeds',
      'completed',
      'leechers'
    ])
  })
})

describe('a list', () => {
  const [a, b, c, d] = hashes(4)
  const text = `\ufeff# mine\r\n\r\n  ${a}  \r\n\t\n#${b}\nmagnet:?xt=urn:btih:${c}\n`

  test('has one a line; blank lines and comments are no part of it', async (t) => {
    const tracker = await startTracker(t)
    const [file] = temporaryFiles(t, { list: text })
    const args = ['scrape', tracker.url, '--json', '--file', file]
    const { stdout } = await runCommand(t, args)
    assert.deepEqual(
      jsonLines(stdout).map(({ infoHash }) => infoHash),
      [a, c]
    )
  })

  test('on standard input is read in the place of its dash, and files come last', async (t) => {
    const tracker = await startTracker(t)
    const [file, other] = temporaryFiles(t, { list: d, other: c })
    const args = ['scrape', tracker.url, b, '-', a, '--file', file, '--file', other, '--json']
    const { stdout } = await runCommand(t, args, { input: text })
    assert.deepEqual(
      jsonLines(stdout).map(({ infoHash }) => infoHash),
      [b, a, c, a, d, c]
    )
  })

  test('names every line that is wrong, does the rest, and the exit code says so', async (t) => {
    const tracker = await startTracker(t)
    const lines = [HASH, 'x', '', HASH.slice(1), ...Array(11).fill('y')]
    const [file] = temporaryFiles(t, { list: lines.join('\n') })
    const { code, stdout, stderr } = await runCommand(t, ['scrape', tracker.url, '--file', file])
    const wanted = '40 digits of hex, 32 of base32 or a magnet link'
    assert.equal(code, 2)
    assert.match(stdout, new RegExp(`^${HASH} `, 'm'))
    assert.deepEqual(stderr.split('\n'), [
      `${NAME}: ${file}:2: "x" is not an info-hash: expected ${wanted}`,
      `${NAME}: ${file}:4: "${HASH.slice(1)}" is 39 digits of hex long, an info-hash has 40`,
      ...[5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map(
        (line) => `${NAME}: ${file}:${line}: "y" is not an info-hash: expected ${wanted}`
      ),
      ''
    ])
    assert.equal(tracker.scrapes[0].infoHashes.length, 1)
  })

  const complaint = async (t, args, input) => {
    const { code, stderr } = await runCommand(t, ['scrape', 'udp://127.0.0.1:6969', ...args], {
      input
    })
    assert.equal(code, 2)
    return stderr.split('\n')[0].replace(`${NAME}: `, '')
  }

  test('that cannot be read, is empty or is something else is wrong usage', async (t) => {
    const [torrent] = temporaryFiles(t, { 'a.torrent': 'd4:infodee' })
    assert.equal(await complaint(t, ['-'], '# nothing\n'), 'the list has no info-hash')
    assert.equal(
      await complaint(t, ['--file', 'missing']),
      'cannot read "missing": there is no such file'
    )
    assert.equal(
      await complaint(t, ['--file', __dirname]),
      `cannot read "${__dirname}": it is a directory`
    )
    assert.equal(
      await complaint(t, ['--file', torrent]),
      `"${torrent}" is a .torrent file, not a list; give it without --file`
    )
    assert.equal(
      await complaint(t, ['-', '--file', '-'], HASH),
      'standard input can be read only once'
    )
    assert.match(await complaint(t, ['-'], 'x'), /^standard input:1: "x" is not an info-hash/)
  })
})

test('results are printed while later ones are under way, and never before earlier ones', async (t) => {
  const list = hashes(3 * A_REQUEST)
  const { tracker, child, answer } = await startHeldTracker(
    t,
    ({ url }) => startCommand(t, ['scrape', url, '-', '--json'], { input: list.join('\n') }),
    3
  )
  await answer(1)
  await answer(0)
  await printed(child, new RegExp(`"${list[2 * A_REQUEST - 1]}".*\n$`))
  assert.deepEqual(jsonLines(child.stdout), expected(list.slice(0, 2 * A_REQUEST), tracker.url))

  await answer(2)
  const { code, stdout } = await child.exit()
  assert.equal(code, 0)
  assert.deepEqual(jsonLines(stdout), expected(list, tracker.url))
})

describe('a failure', () => {
  test('ends it with exit code 1 and how far it came', async (t) => {
    const tracker = await startTracker(t, {
      scrape: (request) => wire.errorResponse(request, 'no\x1b[2Jscrape')
    })
    const result = await runCommand(t, ['scrape', tracker.url, ...hashes(2)])
    assert.deepEqual(result, {
      code: 1,
      signal: null,
      stdout: '',
      stderr: `${NAME}: ${tracker.url}: no\\x1b[2Jscrape (0 of 2 info-hashes answered, 2 missing)\n`
    })
  })

  test('does not lose what had come in, even behind what is missing', async (t) => {
    const list = hashes(2 * A_REQUEST + 1)
    const { tracker, child, answer, requests } = await startHeldTracker(
      t,
      ({ url }) => startCommand(t, ['scrape', url, ...list, '--json']),
      3
    )
    await answer(0)
    await printed(child, new RegExp(`"${list[A_REQUEST - 1]}".*\n$`))
    // One socket, one queue: the error comes behind the answer.
    await answer(2)
    await tracker.send(wire.errorResponse(requests[1], 'enough'), requests[1])
    const { code, stdout, stderr } = await child.exit()

    assert.deepEqual({ code, stderr }, { code: 1, stderr: '' })
    const lines = jsonLines(stdout)
    assert.deepEqual(lines.pop(), {
      type: 'failure',
      url: tracker.url,
      error: { code: 'TRACKER_ERROR', message: 'enough' },
      answered: A_REQUEST + 1,
      asked: list.length
    })
    assert.deepEqual(
      lines,
      expected([...list.slice(0, A_REQUEST), list[2 * A_REQUEST]], tracker.url)
    )
  })

  test('is a tracker that does not answer in time', async (t) => {
    const tracker = await startTracker(t, { scrape: silent })
    const args = ['scrape', tracker.url, HASH, '--timeout', '.3']
    const { code, stderr } = await runCommand(t, args)
    assert.equal(code, 1)
    assert.match(stderr, /: no answer within 0\.3 s \(0 of 1 info-hash answered, 1 missing\)\n$/)
  })
})

test('Ctrl-C prints what there is and ends it with 130', withSignals, async (t) => {
  const list = hashes(3 * A_REQUEST)
  const { child, answer } = await startHeldTracker(
    t,
    ({ url }) => startCommand(t, ['scrape', url, '-'], { input: list.join('\n') }),
    3
  )
  await answer(2)
  await answer(0)
  await printed(child, new RegExp(`^${list[A_REQUEST - 1]} .*\n`, 'm'))
  child.process.kill('SIGINT')
  const { code, stdout, stderr } = await child.exit()

  assert.equal(code, 130)
  const rows = stdout.trim().split('\n').slice(1, -2)
  assert.deepEqual(
    rows.map((row) => row.split(' ')[0]),
    [...list.slice(0, A_REQUEST), ...list.slice(2 * A_REQUEST)]
  )
  assert.equal(stderr, `${NAME}: interrupted, 120 of 180 info-hashes answered\n`)
})

test('Ctrl-C ends it also where nobody reads what it prints', withSignals, async (t) => {
  const tracker = await startTracker(t)
  const input = hashes(20_000).join('\n')
  const child = startCommand(t, ['scrape', tracker.url, '-', '--json'], { input })
  child.process.stdout.pause()
  const gone = once(child.process, 'exit')
  // More than a pipe holds has been answered by then.
  for (let i = 0; i < 64; i++) await tracker.nextScrape()
  child.process.kill('SIGINT')
  const [code] = await deadline(gone, 'it did not end')
  child.process.stdout.resume()
  assert.equal(code, 130)
})
