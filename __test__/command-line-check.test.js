// `bittorrent-udp-tracker check`: what is asked of a tracker, what is said about it, and many of them at once.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { runCommand, check, namesEnvironment } = require('./support/command-line.js')
const { UdpTracker } = require('./support/client.js')
const { withoutAddresses, withoutIPv6 } = require('./support/loopback.js')
const { freePort, startOpentracker } = require('./support/real-trackers.js')
const wire = require('./support/wire.js')
const { needs } = require('./support/needs.js')

const HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'
const NOBODY = 65_534
const MS = /^ *\d+\.\d$/
const withoutOpentracker = reasonAgainstOpentracker()

// Started by root it becomes `nobody`, whom the user namespace of an emulator does not have.
function reasonAgainstOpentracker() {
  if (needs('opentracker')) return needs('opentracker')
  const isRoot = process.getuid?.() === 0
  const canChange = !isRoot || spawnSync('true', { uid: NOBODY }).error === undefined
  return canChange ? false : 'root cannot become another user here, as opentracker does'
}

describe('a tracker that works', () => {
  test('is connected to, announced to as started and stopped, and scraped', async (t) => {
    const tracker = await startScriptedTracker(t)
    const { code } = await check(t, [tracker.url])

    assert.equal(code, 0)
    assert.deepEqual(
      tracker.requests.map(({ kind, event }) => [kind, event]),
      [
        // The one that is measured is the package's own.
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

  test('has its round trips in the JSON object', async (t) => {
    const tracker = await startScriptedTracker(t)
    const { results } = await check(t, [tracker.url])

    const [{ connectMs, announceMs, scrapeMs, ...rest }] = results
    assert.deepEqual(rest, {
      type: 'result',
      url: tracker.url,
      family: 4,
      address: '127.0.0.1',
      status: 'works',
      reason: null,
      lookupMs: null,
      interval: 1800
    })
    for (const ms of [connectMs, announceMs, scrapeMs]) assert.ok(ms > 0, String(ms))
  })

  test('is a row of a table for people, with a summary', async (t) => {
    const tracker = await startScriptedTracker(t)
    const { code, stdout, stderr } = await runCommand(t, ['check', tracker.url])

    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const [header, row, ...rest] = stdout.split('\n')
    assert.match(header, /^TRACKER +IP +LOOK-UP +CONNECT +ANNOUNCE +SCRAPE {2}RESULT$/)
    const cells = row.split(/ {2,}/)
    assert.deepEqual([cells[0], cells[1], cells[2], cells[7]], [tracker.url, 'v4', '-', 'works'])
    assert.match(cells[4], /^[▏▎▍▌▋▊▉█]+$/)
    for (const cell of [cells[3], cells[5], cells[6]]) assert.match(cell, MS)
    assert.equal(row.indexOf('works'), header.indexOf('RESULT'))
    const [blank, tally, verdict, end] = rest
    assert.deepEqual([blank, tally, end], ['', '1 tracker: 1 works; times in ms', ''])
    assert.match(verdict, /^1 of 1 alive; fastest udp:\/\/127\.0\.0\.1:\d+ [\d.]+ ms$/)
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
    await startScriptedTracker(t, { family: 6, port: four.port })
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
  })

  test(
    'of which one fails make it fail, and the summary says so',
    { skip: withoutIPv6 },
    async (t) => {
      const four = await startScriptedTracker(t)
      const six = await startScriptedTracker(t, { family: 6, port: four.port, connect: silent })
      const args = ['check', `udp://tracker.test:${six.port}`, '--timeout', '2']
      const env = namesEnvironment({ 'tracker.test': ['127.0.0.1', '::1'] })
      const { code, stdout } = await runCommand(t, args, { env })
      assert.equal(code, 1)
      assert.match(stdout, / {2}v4 .* works\n.* {2}v6 .*no answer\n/)
      assert.match(stdout, /\n1 tracker: 1 works in part; times in ms\n/)
    }
  )

  test('that are not asked for are not tried', async (t) => {
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

test('does so by a port that nothing listens on, long before the time is up', async (t) => {
  const url = `udp://127.0.0.1:${await freePort()}`
  const { code, results } = await check(t, [url, '--timeout', '600'])
  assert.equal(code, 1)
  assert.equal(results[0].reason, 'port closed')
  const { step, code: reason } = results[0].error
  assert.deepEqual([step, reason], ['connect', 'NETWORK'])
})

describe('a tracker that answers only some steps is alive:', () => {
  const alive = async (t, script, args = []) => {
    const tracker = await startScriptedTracker(t, script)
    const { code, results } = await check(t, [tracker.url, '--timeout', '2', ...args])
    assert.equal(code, 0)
    const strict = await check(t, [tracker.url, '--timeout', '2', '--strict', ...args])
    assert.equal(strict.code, 1)
    const { stdout } = await runCommand(t, ['check', tracker.url, '--timeout', '2', ...args])
    return { tracker, result: results[0], row: stdout.split('\n')[1], stdout }
  }
  const notServed = { announce: (request) => wire.announceResponse(request).subarray(0, 8) }

  test('it refuses the torrent, and is scraped all the same', async (t) => {
    const { result, row, stdout } = await alive(t, {
      announce: (request) => wire.errorResponse(request, 'no\x1b[31m')
    })
    assert.deepEqual([result.status, result.reason], ['refuses', 'no\x1b[31m'])
    assert.deepEqual(result.error, {
      step: 'announce',
      code: 'TRACKER_ERROR',
      message: 'no\x1b[31m'
    })
    assert.ok(result.scrapeMs > 0)
    assert.match(row, / {2}refuses: no\\x1b\[31m$/)
    assert.match(stdout, /\n1 tracker: 1 refuses; times in ms\n/)
  })

  test('it has a list of torrents, as opentracker may, and this one is not on it', async (t) => {
    const { result, row } = await alive(t, notServed)
    assert.equal(result.status, 'refuses')
    assert.equal(result.reason, 'does not serve this torrent, try --info-hash')
    assert.ok(result.connectMs > 0)
    assert.match(row, / {2}does not serve this torrent, try --info-hash$/)
  })

  test('and the reason does not suggest --info-hash where it was given', async (t) => {
    const { result } = await alive(t, notServed, ['--info-hash', HASH])
    assert.equal(result.reason, 'does not serve this torrent')
  })

  test('it refuses to connect', async (t) => {
    const { result, row } = await alive(t, {
      connect: (request) => wire.errorResponse(request, 'closed')
    })
    assert.deepEqual([result.status, result.error.step], ['refuses', 'connect'])
    assert.match(row, / {2}refuses: closed$/)
    assert.equal(result.scrapeMs, null)
  })

  test('it ignores the scrape, and is still sent "stopped"', async (t) => {
    const { tracker, result, row } = await alive(t, { scrape: silent })
    assert.deepEqual([result.status, result.error.step], ['no scrape', 'scrape'])
    assert.deepEqual([result.error.code, result.reason], ['TIMEOUT', null])
    assert.match(row, / {2}no scrape$/)
    assert.equal(tracker.announces[1].event, 3)
  })

  test('it refuses the scrape', async (t) => {
    const { result, row } = await alive(t, {
      scrape: (request) => wire.errorResponse(request, 'ask nicely')
    })
    assert.deepEqual([result.status, result.reason], ['no scrape', 'ask nicely'])
    assert.match(row, / {2}no scrape: ask nicely$/)
  })
})

test(
  'opentracker with an access list refuses any torrent but its own, and works with one of these',
  { skip: withoutOpentracker },
  async (t) => {
    const { url4 } = await startOpentracker(t, [Buffer.from(HASH, 'hex')])
    const { code, results } = await check(t, [url4])
    assert.deepEqual([code, results[0].status], [0, 'refuses'])
    assert.equal(results[0].reason, 'does not serve this torrent, try --info-hash')
    const own = await check(t, [url4, '--info-hash', HASH])
    assert.deepEqual([own.code, own.results[0].status], [0, 'works'])
  }
)

describe('a name with several addresses of a family', () => {
  test('works if one of them does, whichever it is', { skip: withoutAddresses }, async (t) => {
    const tracker = await startScriptedTracker(t, { address: '127.0.0.3' })
    const url = `udp://tracker.test:${tracker.port}`
    const dead = await startScriptedTracker(t, {
      address: '127.0.0.2',
      port: tracker.port,
      connect: silent
    })
    const env = namesEnvironment({ 'tracker.test': ['127.0.0.2', '127.0.0.4', '127.0.0.3'] })
    const { code, results } = await check(t, [url], { env })
    assert.equal(code, 0)
    assert.deepEqual([results[0].status, results[0].address], ['works', '127.0.0.3'])
    assert.equal(dead.connects.length, 1)
  })
})

describe('a URL', () => {
  const env = () => namesEnvironment({ 'tracker.test': ['127.0.0.1'] })

  test('may have white space, a byte order mark and a CR around it, and no scheme', async (t) => {
    const tracker = await startScriptedTracker(t)
    const host = `127.0.0.1:${tracker.port}`
    for (const text of [` ${tracker.url} `, `\ufeff${tracker.url}\r`, `\t${tracker.url}\n`, host]) {
      const { code, results } = await check(t, [text])
      assert.equal(code, 0, JSON.stringify(text))
      assert.deepEqual(
        results.map(({ url }) => url),
        [tracker.url]
      )
    }
  })

  // What the package refuses, the command line refuses in its words.
  for (const text of [
    'udp://127.0.0.1\\x:PORT',
    'udp://tracker\t.test:PORT',
    'udp://tracker .test:PORT',
    'udp://a..b:PORT',
    'udp://127.0.0.1:0',
    'udp://127.0.0.1:99999',
    'udp://:1'
  ]) {
    test(`is read as the package reads it: ${JSON.stringify(text)}`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const url = text.replace('PORT', tracker.port)
      const { code, results } = await check(t, [url], { env: env() })
      assert.equal(code, 1)
      assert.deepEqual([results[0].error.step, results[0].error.code], ['URL', 'BAD_URL'])
      await assert.rejects(UdpTracker.scrape(url, [HASH]), {
        code: 'BAD_URL',
        message: results[0].error.message
      })
      assert.equal(tracker.requests.length, 0)
    })
  }

  test('is looked up as the package looks it up', async (t) => {
    const tracker = await startScriptedTracker(t)
    const names = namesEnvironment({ 'xn--bcher-kva.example': ['127.0.0.1'] })
    const { code } = await check(t, [`udp://user@B\u00dcCHER.example:${tracker.port}`], {
      env: names
    })
    assert.equal(code, 0)
  })
})
