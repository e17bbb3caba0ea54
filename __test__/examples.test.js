// The programs in examples/, which people copy, do what they say: each in a process of its own, against a tracker on
// loopback.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { startFile, withSignals } = require('./support/child.js')
const { patient } = require('./support/deadline.js')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const wire = require('./support/wire.js')

const HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'
const STARTED = 2
const STOPPED = 3

const announced = (request) =>
  wire.announceResponse(request, {
    interval: 1800,
    leechers: 3,
    seeds: 12,
    peers: ['192.0.2.10:6881']
  })

describe('announce-loop.js', () => {
  for (const name of ['SIGINT', 'SIGTERM']) {
    test(`says started, and stopped after ${name}`, withSignals, async (t) => {
      const tracker = await startScriptedTracker(t, { announce: announced })
      const child = startFile(t, 'examples/announce-loop.js', tracker.url, HASH, '6882')
      await child.prints(/12 seeds, 3 leechers, next announce in 1800 s\n {2}192\.0\.2\.10:6881\n/)
      child.signal(name)

      const { code, stdout, stderr } = await child.exit()
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
      assert.match(stdout, /\nstopped\n$/)
      const told = tracker.announces.map(({ event, port, infoHash }) => {
        return { event, port, infoHash: infoHash.toString('hex') }
      })
      const base = { port: 6882, infoHash: HASH }
      assert.deepEqual(told, [
        { ...base, event: STARTED },
        { ...base, event: STOPPED }
      ])
    })
  }

  test('announces again when the interval ends, without saying started again', async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => wire.announceResponse(request, { interval: 1 })
    })
    startFile(t, 'examples/announce-loop.js', tracker.url, HASH)
    assert.equal((await tracker.nextAnnounce()).event, STARTED)
    assert.equal((await tracker.nextAnnounce()).event, 0)
  })

  test('exits when the tracker does not answer "stopped"', withSignals, async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => (request.event === STOPPED ? [] : announced(request))
    })
    const child = startFile(t, 'examples/announce-loop.js', tracker.url, HASH)
    await child.prints(/12 seeds/)
    child.signal('SIGTERM')

    const { code, stdout } = await child.exit()
    assert.equal(code, 0)
    assert.match(stdout, /stopped, and the tracker did not answer\n$/)
  })

  test('ends at once on the second signal', withSignals, async (t) => {
    const tracker = await startScriptedTracker(t, {
      announce: (request) => (request.event === STOPPED ? [] : announced(request))
    })
    const child = startFile(t, 'examples/announce-loop.js', tracker.url, HASH)
    await child.prints(/12 seeds/)
    await tracker.nextAnnounce()
    child.signal('SIGINT')
    await tracker.nextAnnounce()
    child.signal('SIGINT')
    const { code, signal } = await child.exit()
    assert.deepEqual({ code, signal }, { code: null, signal: 'SIGINT' })
  })
})

describe('mass-scrape.js', () => {
  const hashes = Array.from({ length: 200 }, (_, i) => i.toString(16).padStart(40, '0'))
  const counting = (request) =>
    wire.scrapeResponse(
      request,
      request.infoHashes.map((hash) => ({ seeds: hash[19], completed: 5, leechers: 7 }))
    )

  test('writes a line for each info-hash of its input, in order', async (t) => {
    const tracker = await startScriptedTracker(t, { scrape: counting })
    const child = startFile(t, 'examples/mass-scrape.js', tracker.url, '-')
    child.process.stdin.end(`${hashes.join('\n')}\n\n`)

    const { code, stdout, stderr } = await child.exit()
    const expected = hashes.map((hash, i) => `${hash}\t${i}\t7\t5\n`).join('')
    assert.deepEqual({ code, stdout }, { code: 0, stdout: expected })
    assert.match(stderr, /^200 torrents in \d+ ms\n$/)
  })

  test('ends with 1 and the words of a tracker that refuses', async (t) => {
    const tracker = await startScriptedTracker(t, {
      scrape: (request) => wire.errorResponse(request, 'no scrapes here')
    })
    const child = startFile(t, 'examples/mass-scrape.js', tracker.url, '-')
    child.process.stdin.end(hashes.join('\n'))
    const { code, stdout, stderr } = await child.exit()
    const expected = { code: 1, stdout: '', stderr: 'TRACKER_ERROR: no scrapes here\n' }
    assert.deepEqual({ code, stdout, stderr }, expected)
  })

  test('ends with 1 when it is interrupted', withSignals, async (t) => {
    const tracker = await startScriptedTracker(t, { scrape: silent })
    const child = startFile(t, 'examples/mass-scrape.js', tracker.url, '-')
    child.process.stdin.end(hashes.join('\n'))
    await tracker.nextScrape()
    child.signal('SIGINT')
    const { code, stdout, stderr } = await child.exit()
    assert.deepEqual({ code, stdout, stderr }, { code: 1, stdout: '', stderr: 'interrupted\n' })
  })
})

describe('health-monitor.js', () => {
  const timeout = patient(300)
  const args = ['examples/health-monitor.js', '--every', '0.02', '--timeout', `${timeout / 1000}`]

  test('prints each change of state once', withSignals, async (t) => {
    let scrape = (request) => wire.scrapeResponse(request, [{}])
    const tracker = await startScriptedTracker(t, { scrape: (request) => scrape(request) })
    const child = startFile(t, ...args, tracker.url)
    await child.prints(/ up {2}\(\d+ ms\)\n/)

    // A few more answers while nothing changes.
    for (let i = 0; i < 5; i++) await tracker.nextScrape()
    scrape = (request) => wire.errorResponse(request, 'not today')
    await child.prints(/ refusing {2}\(TRACKER_ERROR: not today\)\n/)
    scrape = silent
    await child.prints(
      new RegExp(` down {2}\\(TIMEOUT: tracker is not responding after:${timeout}\\)\\n`)
    )
    scrape = (request) => wire.scrapeResponse(request, [{}])
    await child.prints(/down[^\n]*\n[^\n]* up /)

    child.signal('SIGINT')
    const { code, stdout, stderr } = await child.exit()
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const states = stdout.split('\n').map((line) => line.split('  ')[2])
    assert.deepEqual(states, ['up', 'refusing', 'down', 'up', undefined])
  })

  test('watches several trackers, whatever happens to one of them', withSignals, async (t) => {
    const tracker = await startScriptedTracker(t)
    const child = startFile(t, ...args, 'http://wrong.example', tracker.url)
    await child.prints(/ {2}http:\/\/wrong\.example {2}down {2}\(BAD_URL: /)
    await child.prints(/ {2}udp:[^ ]+ {2}up /)
    child.signal('SIGTERM')
    assert.equal((await child.exit()).code, 0)
  })
})

for (const name of ['announce-loop', 'mass-scrape', 'health-monitor']) {
  test(`${name}.js ends with 2 and its usage when it is used wrongly`, async (t) => {
    const { code, stdout, stderr } = await startFile(t, `examples/${name}.js`).exit()
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    assert.match(stderr, new RegExp(`^usage: node ${name}\\.js `))
  })
}
