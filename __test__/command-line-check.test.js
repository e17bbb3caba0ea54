// `bittorrent-udp-tracker check`: what is asked of a tracker, what is said about it, and many of them at once.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker, silent } = require('./support/scripted-tracker')
const {
  runCommand,
  check,
  namesEnvironment,
  startInTerminal,
  withoutTerminal
} = require('./support/command-line')
const { withoutIPv6 } = require('./support/loopback')
const wire = require('./support/wire')

const HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'
const MS = /^ *\d+\.\d$/

describe('a tracker that works', () => {
  test('is connected to once, told of a peer that comes and goes, and scraped', async (t) => {
    const tracker = await startScriptedTracker(t)
    const { code } = await check(t, [tracker.url])

    assert.equal(code, 0)
    assert.deepEqual(
      tracker.requests.map(({ kind, event }) => [kind, event]),
      [
        ['connect', undefined],
        ['announce', 2],
        ['scrape', undefined],
        ['announce', 3]
      ]
    )
    const [first, second] = tracker.announces
    assert.deepEqual(first.infoHash, second.infoHash)
    assert.deepEqual(first.peerId, second.peerId)
    assert.match(first.peerId.toString(), /^-TU2000-/)
    assert.deepEqual([first.port, first.left], [6881, 1n])
    assert.deepEqual(tracker.scrapes[0].infoHashes, [first.infoHash])
  })

  test('has its round trips in an object', async (t) => {
    const tracker = await startScriptedTracker(t)
    const { results } = await check(t, [tracker.url])

    const [{ connectMs, announceMs, scrapeMs, ...rest }] = results
    assert.deepEqual(rest, {
      url: tracker.url,
      family: 4,
      address: '127.0.0.1',
      status: 'works',
      lookupMs: null
    })
    for (const ms of [connectMs, announceMs, scrapeMs]) assert.ok(ms > 0, String(ms))
  })

  test('is a row of a table for people, with a summary', async (t) => {
    const tracker = await startScriptedTracker(t)
    const { code, stdout, stderr } = await runCommand(t, ['check', tracker.url])

    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const [header, row, ...rest] = stdout.split('\n')
    assert.match(header, /^TRACKER +FAMILY +LOOK-UP +CONNECT +ANNOUNCE +SCRAPE {2}RESULT$/)
    const cells = row.split(/ {2,}/)
    assert.deepEqual([cells[0], cells[1], cells[2], cells[6]], [tracker.url, 'IPv4', '-', 'works'])
    assert.match(cells[4], MS)
    assert.match(cells[5], MS)
    assert.equal(row.indexOf('works'), header.indexOf('RESULT'))
    assert.deepEqual(rest, ['', '1 tracker: 1 works; times in ms', ''])
  })

  test('is asked for the torrent that is given', async (t) => {
    const tracker = await startScriptedTracker(t)
    await check(t, [tracker.url, '--info-hash', `magnet:?xt=urn:btih:${HASH}`])
    assert.equal(tracker.announces[0].infoHash.toString('hex'), HASH)
    assert.equal(tracker.scrapes[0].infoHashes[0].toString('hex'), HASH)
  })

  test('gets path and query as they are written, although its address is asked', async (t) => {
    const tracker = await startScriptedTracker(t)
    const url = `udp://user@tracker.test:${tracker.port}/a/../b%20?key=1#x`
    const env = namesEnvironment({ 'tracker.test': ['127.0.0.1'] })
    const { code } = await check(t, [url], { env })
    assert.equal(code, 0)
    const text = '/a/../b%20?key=1'
    const option = Buffer.from([2, text.length, ...Buffer.from(text)])
    assert.deepEqual(tracker.announces[0].rest, option)
  })
})

describe('families', () => {
  test('of a name are checked each, with one look-up', { skip: withoutIPv6 }, async (t) => {
    const four = await startScriptedTracker(t)
    const six = await startScriptedTracker(t, { family: 6, port: four.port })
    const url = `udp://tracker.test:${four.port}`
    const env = namesEnvironment({ 'tracker.test': ['::1', '127.0.0.1', '127.0.0.2'] })
    const { code, results } = await check(t, [url], { env })

    assert.equal(code, 0)
    assert.deepEqual(
      results.map(({ family, address, status }) => [family, address, status]),
      [
        [4, '127.0.0.1', 'works'],
        [6, '::1', 'works']
      ]
    )
    assert.ok(results[0].lookupMs > 0)
    assert.equal(results[0].lookupMs, results[1].lookupMs)
    assert.deepEqual([four.connects.length, six.connects.length], [1, 1])
  })

  test('that work in part make it fail, and are summed up so', { skip: withoutIPv6 }, async (t) => {
    const four = await startScriptedTracker(t)
    const six = await startScriptedTracker(t, { family: 6, port: four.port, connect: silent })
    const args = ['check', `udp://tracker.test:${six.port}`, '--timeout', '2']
    const env = namesEnvironment({ 'tracker.test': ['127.0.0.1', '::1'] })
    const { code, stdout } = await runCommand(t, args, { env })
    assert.equal(code, 1)
    assert.match(stdout, /IPv4 .* works\n.*IPv6 .* connect: no answer within 2 s\n/)
    assert.match(stdout, /\n1 tracker: 0 work, 1 works in part; times in ms\n$/)
  })

  test('that are not wanted are not asked', async (t) => {
    const tracker = await startScriptedTracker(t)
    const env = namesEnvironment({ 'tracker.test': ['127.0.0.1', '2001:db8::1'] })
    const url = `udp://tracker.test:${tracker.port}`
    const { code, results } = await check(t, [url, '--family', '4'], { env })
    assert.equal(code, 0)
    assert.deepEqual(
      results.map(({ family }) => family),
      [4]
    )
  })

  test('that a name does not have are a failure only if they are asked for', async (t) => {
    const tracker = await startScriptedTracker(t)
    const env = namesEnvironment({ 'tracker.test': ['127.0.0.1'] })
    const url = `udp://tracker.test:${tracker.port}`
    const { code, results } = await check(t, [url, '--family', '6'], { env })
    assert.equal(code, 1)
    assert.deepEqual(results[0].error, {
      step: 'look-up',
      code: 'DNS',
      message: 'tracker host tracker.test has no IPv6 address'
    })
  })

  test("that this machine does not have are not the tracker's failure", async (t) => {
    const tracker = await startScriptedTracker(t)
    const env = namesEnvironment(
      { 'tracker.test': ['127.0.0.1', '2001:db8::1'] },
      { NO_NETWORK: '1' }
    )
    const { code, results } = await check(t, [`udp://tracker.test:${tracker.port}`], { env })
    assert.equal(code, 0)
    const [four, six] = results
    assert.equal(four.status, 'works')
    assert.deepEqual([six.status, six.reason], ['skipped', 'this machine has no IPv6 address'])
  })
})

describe('a tracker that fails', () => {
  const failure = async (t, args, options) => {
    const { code, results } = await check(t, args, options)
    assert.equal(code, 1)
    assert.equal(results.length, 1)
    assert.equal(results[0].status, 'failed')
    return results[0]
  }

  test('does so by silence', async (t) => {
    const tracker = await startScriptedTracker(t, { connect: silent })
    const { error, connectMs, scrapeMs } = await failure(t, [tracker.url, '--timeout', '.2'])
    assert.deepEqual([error.step, error.code], ['connect', 'TIMEOUT'])
    assert.deepEqual([connectMs, scrapeMs], [null, null])
    assert.equal(tracker.scrapes.length, 0)
  })

  test('does so by silence after it has given a connection ID', async (t) => {
    const tracker = await startScriptedTracker(t, { announce: silent })
    const { error, connectMs, announceMs } = await failure(t, [tracker.url, '--timeout', '2'])
    assert.deepEqual([error.step, error.code], ['announce', 'TIMEOUT'])
    assert.ok(connectMs > 0)
    assert.equal(announceMs, null)
  })

  test('does so by refusing the torrent, and is scraped all the same', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => wire.errorResponse(request, 'no\x1b[31m')
    })
    const { error, scrapeMs } = await failure(t, [tracker.url])
    assert.deepEqual(error, { step: 'announce', code: 'TRACKER_ERROR', message: 'no\x1b[31m' })
    assert.ok(scrapeMs > 0)

    const { stdout } = await runCommand(t, ['check', tracker.url])
    assert.match(stdout, / {2}announce: no\\x1b\[31m\n/)
  })

  test('does so by an answer without sense, as opentracker has it for torrents of others', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => wire.announceResponse(request).subarray(0, 8)
    })
    const { error, connectMs, scrapeMs } = await failure(t, [tracker.url])
    assert.deepEqual([error.step, error.code], ['announce', 'BAD_RESPONSE'])
    assert.ok(connectMs > 0)
    assert.ok(scrapeMs > 0)
  })

  test('does so by an error to whatever it is asked, and then no step is blamed', async (t) => {
    const tracker = await startScriptedTracker(t, {
      connect: (request) => wire.errorResponse(request, 'closed')
    })
    const { error, scrapeMs } = await failure(t, [tracker.url])
    assert.deepEqual([error.step, error.message], ['connect or announce', 'closed'])
    assert.equal(scrapeMs, null)
  })

  test('does so by not scraping, and hears that the peer goes', async (t) => {
    const tracker = await startScriptedTracker(t, { scrape: silent })
    const { error, announceMs } = await failure(t, [tracker.url, '--timeout', '2'])
    assert.deepEqual([error.step, error.code], ['scrape', 'TIMEOUT'])
    assert.ok(announceMs > 0)
    assert.equal(tracker.announces[1].event, 3)
  })

  test('does so by a name that has no address', async (t) => {
    const env = namesEnvironment({ 'tracker.test': 'ENOTFOUND' })
    const { error } = await failure(t, ['udp://tracker.test:1'], { env })
    assert.deepEqual(error, {
      step: 'look-up',
      code: 'DNS',
      message: 'cannot resolve tracker host tracker.test: ENOTFOUND'
    })
  })

  test('does so by a URL that cannot be used, in the words of the package', async (t) => {
    const { error } = await failure(t, ['udp://:1'])
    assert.deepEqual(error, {
      step: 'URL',
      code: 'BAD_URL',
      message: 'announce URL has no host: udp://:1'
    })
    const zero = await failure(t, ['udp://127.0.0.1:0'])
    assert.equal(zero.error.code, 'BAD_URL')
  })
})

test(
  'a long URL leaves the columns of a terminal in place',
  { skip: withoutTerminal },
  async (t) => {
    const tracker = await startScriptedTracker(t)
    const url = `${tracker.url}/${'long'.repeat(30)}`
    const terminal = startInTerminal(t, `$TRACKER check ${url}`, { NO_COLOR: '1' })
    assert.equal(await terminal.exit(), 0)
    const [header, row] = terminal.stdout.split('\r\n')
    assert.equal(row.indexOf('works'), header.indexOf('RESULT'))
    assert.ok(row.length < 80 && row.includes('…'), row)

    const piped = await runCommand(t, ['check', url])
    assert.ok(piped.stdout.includes(url))
  }
)
