// `announce --family both`: one announce over each family, and "stopped" to each.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const {
  runCommand,
  startCommand,
  jsonLines,
  namesEnvironment
} = require('./support/command-line.js')
const { withSignals } = require('./support/child.js')
const { withoutIPv6 } = require('./support/loopback.js')
const wire = require('./support/wire.js')

const HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'
const STOPPED = 3

// Waits for it: what a process sent before it ended may still be in the socket.
async function heardStopped(tracker) {
  while ((await tracker.nextAnnounce()).event !== STOPPED);
}

describe('announce --family both', { skip: withoutIPv6 }, () => {
  const swarm = (seeds) => ({
    announce: (request) => wire.announceResponse(request, { interval: 1800, seeds, leechers: 3 })
  })
  // Trackers of one host and port, one a family.
  async function startBoth(t, script4 = swarm(4), script6 = swarm(6)) {
    for (;;) {
      const four = await startScriptedTracker(t, { family: 4, ...script4 })
      try {
        const six = await startScriptedTracker(t, { family: 6, port: four.port, ...script6 })
        return { four, six, url: `udp://both.test:${four.port}` }
      } catch (error) {
        if (error.code !== 'EADDRINUSE') throw error
      }
    }
  }
  const options = { env: namesEnvironment({ 'both.test': ['127.0.0.1', '::1'] }) }
  const args = (url, ...more) => ['announce', url, HASH, '--family', 'both', ...more]
  const run = (t, ...words) => runCommand(t, args(...words), options)

  test('prints a result for each, and says "stopped" to each, with one key', async (t) => {
    const { four, six, url } = await startBoth(t)
    const { code, stdout, stderr } = await run(t, url)
    const peerId = four.announces[0].peerId.toString()
    const result = (family) =>
      `\nIPv${family}\ninterval   1,800 s (30 min)\nseeds      ${family}\nleechers   3\npeers      0\n`
    assert.deepEqual(
      { code, stderr, stdout },
      {
        code: 0,
        stderr: '',
        stdout:
          `tracker    ${url}\ninfo-hash  ${HASH}\npeer ID    ${peerId}\n` + result(4) + result(6)
      }
    )
    const said = ({ announces }) => announces.map(({ event }) => event)
    assert.deepEqual(
      [said(four), said(six)],
      [
        [0, STOPPED],
        [0, STOPPED]
      ]
    )
    const keys = [...four.announces, ...six.announces].map(({ key }) => key)
    assert.equal(new Set(keys).size, 1)
    await run(t, url, '--key', '7', '--stay')
    assert.deepEqual([four.announces[2].key, six.announces[2].key], [7, 7])
  })

  test('is an object for each with --json', async (t) => {
    const { four, url } = await startBoth(t)
    const { code, stdout } = await run(t, url, '--json')
    assert.equal(code, 0)
    const about = {
      type: 'announce',
      url,
      infoHash: HASH,
      peerId: four.announces[0].peerId.toString()
    }
    assert.deepEqual(jsonLines(stdout), [
      { ...about, family: 4, interval: 1800, leechers: 3, seeds: 4, peers: [] },
      { ...about, family: 6, interval: 1800, leechers: 3, seeds: 6, peers: [] }
    ])
  })

  test('names the one that failed, and one that answers is enough', async (t) => {
    const refuses = { announce: (request) => wire.errorResponse(request, 'no IPv6\x1b[2J') }
    const { six, url } = await startBoth(t, swarm(4), refuses)
    const text = await run(t, url)
    assert.deepEqual([text.code, text.stderr], [0, ''])
    assert.match(text.stdout, /\nIPv4\ninterval .*\nseeds {6}4\n/)
    assert.match(text.stdout, /\nIPv6\nfailed {5}no IPv6\\x1b\[2J\n$/)
    const { code, stdout } = await run(t, url, '--json')
    assert.equal(code, 0)
    const [v4, v6] = jsonLines(stdout)
    assert.deepEqual([v4.family, v4.seeds, v4.error], [4, 4, undefined])
    assert.equal(v6.family, 6)
    assert.deepEqual(v6.error, { code: 'TRACKER_ERROR', message: 'no IPv6\x1b[2J' })
    assert.ok(six.announces.every(({ event }) => event !== STOPPED))
  })

  test('fails if both do, and names both', async (t) => {
    const refuses = (words) => ({ announce: (request) => wire.errorResponse(request, words) })
    const { url } = await startBoth(t, refuses('no'), refuses('never'))
    const text = await run(t, url)
    assert.deepEqual(
      { code: text.code, stdout: text.stdout, stderr: text.stderr },
      {
        code: 1,
        stdout: '',
        stderr: `bittorrent-udp-tracker announce: ${url}: IPv4: no; IPv6: never\n`
      }
    )
    const { code, stdout, stderr } = await run(t, url, '--json')
    assert.deepEqual({ code, stderr }, { code: 1, stderr: '' })
    assert.deepEqual(
      jsonLines(stdout).map(({ family, error }) => [family, error.message]),
      [
        [4, 'no'],
        [6, 'never']
      ]
    )
  })

  test('says "stopped" over a family whose answer did not come', async (t) => {
    const { four, six, url } = await startBoth(t, swarm(4), { announce: silent })
    const { code, stdout } = await run(t, url, '--timeout', '1')
    assert.equal(code, 0)
    assert.match(stdout, /\nIPv6\nfailed {5}no answer within 1 s\n$/)
    await heardStopped(four)
    await heardStopped(six)
  })

  test(
    'says it over both after Ctrl-C, and sends nothing else behind it',
    withSignals,
    async (t) => {
      const { four, six, url } = await startBoth(t, swarm(4), { announce: silent })
      const child = startCommand(t, args(url), options)
      await Promise.all([four.nextAnnounce(), six.nextAnnounce()])
      child.process.kill('SIGINT')
      const { code, stdout } = await child.exit()
      assert.deepEqual({ code, stdout }, { code: 130, stdout: '' })
      await heardStopped(four)
      await heardStopped(six)
      const events = six.announces.map(({ event }) => event)
      assert.deepEqual(events, [...events].sort())
    }
  )
})
