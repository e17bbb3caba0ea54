// `bittorrent-udp-tracker ping`: what goes out, what is printed of it, and its ends.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { bar, sparkline } = require('../cli/output/bars.js')
const RoundTrips = require('../cli/ping/round-trips.js')
const { withSignals } = require('./support/child.js')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const {
  startCommand,
  runCommand,
  namesEnvironment,
  printed,
  jsonLines
} = require('./support/command-line.js')
const { withoutAddresses, withoutIPv6 } = require('./support/loopback.js')
const { freePort } = require('./support/real-trackers.js')
const wire = require('./support/wire.js')

const NAME = 'bittorrent-udp-tracker ping'
const FAST = ['--interval', '0.2']

describe('a tracker that answers', () => {
  test('gets only connects, each with a transaction ID of its own', async (t) => {
    const tracker = await startScriptedTracker(t)
    const { code } = await runCommand(t, ['ping', tracker.url, '--count', '3', ...FAST])
    assert.equal(code, 0)
    assert.deepEqual(
      tracker.requests.map(({ kind }) => kind),
      ['connect', 'connect', 'connect']
    )
    const ids = new Set(tracker.requests.map(({ transactionId }) => transactionId))
    assert.equal(ids.size, 3)
    for (const { raw } of tracker.requests) assert.deepEqual(raw.subarray(0, 8), wire.PROTOCOL_ID)
  })

  test('is a line for each round trip, and a summary row', async (t) => {
    const tracker = await startScriptedTracker(t)
    const { stdout, stderr } = await runCommand(t, ['ping', tracker.url, '--count', '2', ...FAST])
    assert.equal(stderr, '')
    const place = `127.0.0.1:${tracker.port}`
    const [first, one, two, blank, header, row, end] = stdout.split('\n')
    assert.equal(first, `PING ${place} (${place}): a connect every 0.2 s`)
    assert.match(one, /^ {3}1 {2}\d+\.\d ms +[▏▎▍▌▋▊▉█]+$/)
    assert.match(two, /^ {3}2 {2}\d+\.\d ms +[▏▎▍▌▋▊▉█]+$/)
    assert.equal(blank, '')
    assert.match(header, /^TRACKER +SENT +LOSS +LAST +MIN +MEDIAN +P95 +P99 +MAX$/)
    assert.match(row, new RegExp(`^${place} +2 +0%( +\\d+\\.\\d){6} {2}[▁▂▃▄▅▆▇█]{2}$`))
    assert.equal(end, '')
  })

  test('with an error counts as answering', async (t) => {
    const tracker = await startScriptedTracker(t, {
      connect: (request) => wire.errorResponse(request, 'closed')
    })
    const { code, stdout } = await runCommand(t, ['ping', tracker.url, '--count', '1'])
    assert.equal(code, 0)
    assert.match(stdout, /^ {3}1 {2}refuses: closed$/m)
  })

  test('is pinged until Ctrl-C, which sums it up and is no failure', withSignals, async (t) => {
    const tracker = await startScriptedTracker(t)
    const child = startCommand(t, ['ping', tracker.url, ...FAST])
    await printed(child, /^ {3}2 {2}/m)
    child.process.kill('SIGINT')
    const { code, stdout, stderr } = await child.exit()
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    assert.match(stdout, /\n\nTRACKER .*\n127\.0\.0\.1:\d+ .* 0% .*\n$/)
  })
})

describe('a connect that is lost', () => {
  test('is counted, beside those that are answered', async (t) => {
    const tracker = await startScriptedTracker(t, {
      connect: (request, self) =>
        self.connects.length === 2 ? [] : wire.connectResponse(request, self.issueConnectionId())
    })
    const args = ['ping', tracker.url, '--count', '4', '--timeout', '1', ...FAST]
    const { code, stdout } = await runCommand(t, args)
    assert.equal(code, 0)
    assert.match(stdout, /^ {3}2 {2}no answer$/m)
    assert.match(stdout, / 4 +25% /)
    assert.equal(tracker.connects.length, 4)
  })

  test('by each of them makes it fail', async (t) => {
    const tracker = await startScriptedTracker(t, { connect: silent })
    const other = await startScriptedTracker(t)
    const args = ['ping', tracker.url, other.url, '--count', '2', '--timeout', '.3', ...FAST]
    const { code, stdout } = await runCommand(t, args)
    assert.equal(code, 1)
    assert.match(stdout, new RegExp(`^127\\.0\\.0\\.1:${tracker.port} +2 +100% {2}no answer$`, 'm'))
    assert.match(stdout, new RegExp(`^127\\.0\\.0\\.1:${other.port} +2 +0% `, 'm'))
  })

  test('because nobody listens says so', async (t) => {
    const url = `udp://127.0.0.1:${await freePort()}`
    const closed = await runCommand(t, ['ping', url, '--count', '1'])
    assert.equal(closed.code, 1)
    assert.match(closed.stdout, /^ {3}1 {2}port closed$/m)
  })

  test('because what came was forged counts as lost', async (t) => {
    const forging = await startScriptedTracker(t, {
      connect: (request, self) => [
        wire.connectResponse(wire.wrongId(request), self.issueConnectionId()),
        Buffer.alloc(3)
      ]
    })
    const forged = await runCommand(t, ['ping', forging.url, '--count', '1', '--timeout', '.3'])
    assert.equal(forged.code, 1)
    assert.match(forged.stdout, /^ {3}1 {2}no answer$/m)
  })
})

test('each family of a name has a row', { skip: withoutIPv6 || withoutAddresses }, async (t) => {
  const four = await startScriptedTracker(t)
  await startScriptedTracker(t, { family: 6, port: four.port })
  await startScriptedTracker(t, { address: '127.0.0.2', port: four.port })
  const env = namesEnvironment({ 'tracker.test': ['::1', '127.0.0.1', '127.0.0.2'] })
  const url = `udp://tracker.test:${four.port}`
  const { code, stdout } = await runCommand(t, ['ping', url, '--count', '1', '--json'], { env })
  assert.equal(code, 0)
  const summaries = jsonLines(stdout).filter(({ sent }) => sent !== undefined)
  assert.deepEqual(
    summaries.map(({ address, family, sent, received, loss }) => [
      address,
      family,
      sent,
      received,
      loss
    ]),
    [
      ['127.0.0.1', 4, 1, 1, 0],
      ['::1', 6, 1, 1, 0]
    ]
  )
})

test('a name without an address is reported, and the others are pinged', async (t) => {
  const tracker = await startScriptedTracker(t)
  const env = namesEnvironment({ 'missing.test': 'ENOTFOUND' })
  const args = ['ping', 'missing.test:1', 'http://h/', tracker.url, '--count', '1']
  const { code, stdout, stderr } = await runCommand(t, args, { env })
  assert.equal(code, 1)
  assert.equal(stderr, `${NAME}: http://h/: not UDP (http)\n`)
  assert.match(stdout, /^missing\.test:1 +1 {2}no such host$/m)
  assert.match(stdout, /^missing\.test:1 +1 +100% {2}no such host$/m)
  assert.match(stdout, / 0% /)
})

describe('for programs', () => {
  test('--json has each connect, and then the summary', async (t) => {
    const tracker = await startScriptedTracker(t)
    const { stdout } = await runCommand(t, ['ping', tracker.url, '--count', '2', '--json', ...FAST])
    const [one, two, summary] = jsonLines(stdout)
    const about = { url: tracker.url, address: '127.0.0.1', family: 4 }
    assert.deepEqual({ ...one, ms: 0 }, { type: 'ping', ...about, seq: 1, ms: 0 })
    assert.deepEqual({ ...two, ms: 0 }, { type: 'ping', ...about, seq: 2, ms: 0 })
    const sorted = [one.ms, two.ms].sort((a, b) => a - b)
    // Of the histogram, which is right to a thousandth.
    const near = (ms, other) =>
      assert.ok(Math.abs(ms - other) <= 0.002 + other / 500, `${ms} ${other}`)
    near(summary.medianMs, sorted[0])
    for (const name of ['p95Ms', 'p99Ms']) near(summary[name], sorted[1])
    const { medianMs, p95Ms, p99Ms, ...exact } = summary
    assert.ok([medianMs, p95Ms, p99Ms].every((ms) => ms >= sorted[0] && ms <= sorted[1]))
    assert.deepEqual(exact, {
      type: 'summary',
      ...about,
      sent: 2,
      received: 2,
      loss: 0,
      minMs: sorted[0],
      maxMs: sorted[1],
      reason: null
    })
  })

  test('--format csv and openmetrics have the summary', async (t) => {
    const tracker = await startScriptedTracker(t)
    const args = ['ping', tracker.url, '--count', '1', '--format']
    const csv = (await runCommand(t, [...args, 'csv'])).stdout.split('\n')
    assert.equal(
      csv[0],
      'url,address,family,sent,received,loss,minMs,medianMs,p95Ms,p99Ms,maxMs,reason'
    )
    assert.match(csv[1], new RegExp(`^${tracker.url},127\\.0\\.0\\.1,4,1,1,0(,[\\d.]+){5},$`))
    const metrics = (await runCommand(t, [...args, 'openmetrics'])).stdout
    const labels = `url="${tracker.url}",family="4",address="127.0.0.1"`
    assert.ok(metrics.includes(`\nbittorrent_tracker_ping_lost{${labels}} 0\n`), metrics)
    assert.ok(metrics.includes(`\nbittorrent_tracker_ping_seconds_count{${labels}} 1\n`))
    assert.ok(metrics.includes(`\nbittorrent_tracker_ping_seconds{${labels},quantile="0.95"} `))
  })
})

test('percentiles are right to a thousandth, however long it has gone on', () => {
  const roundTrips = new RoundTrips(5000)
  const none = { min: null, median: null, p95: null, p99: null, max: null }
  assert.deepEqual(roundTrips.summary(), none)
  assert.equal(roundTrips.loss, null)
  for (let ms = 200; ms > 0; ms--) roundTrips.add(ms)
  const { min, max, ...between } = roundTrips.summary()
  assert.deepEqual({ min, max }, { min: 1, max: 200 })
  for (const [name, ms] of Object.entries({ median: 100, p95: 190, p99: 198 })) {
    assert.ok(Math.abs(between[name] - ms) < ms / 500, `${name} ${between[name]}`)
  }
  roundTrips.lose()
  assert.equal(roundTrips.loss, 1 / 201)
  assert.equal(roundTrips.last, null)
})

test('bars are on one scale, whatever stands beside them', () => {
  assert.equal(sparkline([null, 0.2, 1, 10, 180, 1000, 4000]), '×▁▁▃▇██')
  assert.equal(bar(null, 8), '')
  assert.equal(bar(0.2, 8), '▏')
  assert.equal(bar(1000, 8), '████████')
  assert.equal(bar(10, 9), '███')
})
