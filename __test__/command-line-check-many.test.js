// `bittorrent-udp-tracker check` with many trackers: lists, names that nobody answers for, and an early end.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { startCommand: startCommandOf, withShell, withSignals } = require('./support/child.js')
const {
  PROGRAM,
  startCommand,
  runCommand,
  check,
  namesEnvironment,
  printed,
  temporaryFiles,
  jsonLines
} = require('./support/command-line.js')
const { freePort } = require('./support/real-trackers.js')
const wire = require('./support/wire.js')

const NAME = 'bittorrent-udp-tracker check'

describe('a name server that is silent', withShell, () => {
  const silence = (t) => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'names-'))
    t.after(() => fs.rmSync(directory, { recursive: true }))
    const fifo = path.join(directory, 'fifo')
    assert.equal(spawnSync('mkfifo', [fifo]).status, 0)
    return namesEnvironment({ 'tracker.test': 'silent' }, { FIFO: fifo })
  }

  test('fails the tracker in time, and the process ends', async (t) => {
    const args = ['udp://tracker.test:1', '--timeout', '1.5']
    const { code, results } = await check(t, args, { env: silence(t) })
    assert.equal(code, 1)
    const { step, code: reason } = results[0].error
    assert.deepEqual([step, reason], ['look-up', 'TIMEOUT'])
  })

  test('does not hold up names that it answers for', async (t) => {
    const tracker = await startScriptedTracker(t)
    // More than look-ups have threads.
    const env = silence(t)
    const names = { 'works.test': ['127.0.0.1'] }
    for (let i = 0; i < 40; i++) names[`silent-${i}.test`] = 'silent'
    const urls = Object.keys(names).map((host) => `udp://${host}:${tracker.port}`)
    const { results } = await check(t, ['-', '--timeout', '1.5'], {
      input: urls.reverse().join('\n'),
      env: { ...env, NAMES: JSON.stringify(names) }
    })
    assert.equal(results.length, 41)
    const working = results.filter(({ status }) => status === 'works')
    assert.deepEqual(
      working.map(({ url }) => url),
      [`udp://works.test:${tracker.port}`]
    )
  })

  test('does not hold up Ctrl-C', withSignals, async (t) => {
    const tracker = await startScriptedTracker(t)
    const args = ['check', 'udp://tracker.test:1', tracker.url, '--json']
    const child = startCommand(t, args, { env: silence(t) })
    await printed(child, /"works".*\n/)
    child.process.kill('SIGINT')
    const { code, stderr } = await child.exit()
    assert.equal(code, 130)
    assert.equal(stderr, `${NAME}: interrupted, 1 of 2 trackers checked\n`)
  })
})

describe('a list', () => {
  test('may have trackers of other protocols, duplicates, comments and trackers that fail', async (t) => {
    const tracker = await startScriptedTracker(t)
    const closed = `udp://127.0.0.1:${await freePort()}`
    const lines = [
      '# trackers',
      '',
      tracker.url,
      'http://tracker.test/announce',
      `  ${tracker.url}  `,
      'wss://tracker.test',
      closed
    ]
    const [file] = temporaryFiles(t, { list: lines.join('\r\n') })
    const args = ['--file', file, '--timeout', '1.5']
    const { code, results } = await check(t, args)

    assert.equal(code, 1)
    const outcomes = results.map(({ url, status, reason }) => [url, status, reason])
    assert.deepEqual(
      outcomes.sort(),
      [
        ['http://tracker.test/announce', 'skipped', 'not UDP (http)'],
        [closed, 'failed', 'port closed'],
        [tracker.url, 'works', null],
        ['wss://tracker.test', 'skipped', 'not UDP (wss)']
      ].sort()
    )
    const { stdout } = await runCommand(t, ['check', '-', ...args.slice(2)], {
      input: lines.join('\n')
    })
    assert.match(stdout, /\n4 trackers: 1 works, 1 failed, 2 skipped; times in ms\n/)
  })

  test('of trackers of other protocols alone is a failure', async (t) => {
    const { code, stdout } = await runCommand(t, ['check', 'http://tracker.test/announce'])
    assert.equal(code, 1)
    assert.match(stdout, /\n1 tracker: 1 skipped; times in ms\n/)
  })

  test('with lines that are no URLs is done, each is a row, and the exit code says so', async (t) => {
    const [file] = temporaryFiles(t, { list: 'udp://127.0.0.1:1\ntracker.test\n/x, /y\n' })
    const { code, results } = await check(t, ['--file', file, '--timeout', '1'])
    assert.equal(code, 2)
    const rows = results.map(({ url, status, place, error }) => [url, status, place, error.code])
    assert.deepEqual(rows, [
      ['tracker.test', 'invalid', `${file}:2`, 'INVALID'],
      ['/x, /y', 'invalid', `${file}:3`, 'INVALID'],
      ['udp://127.0.0.1:1', 'failed', undefined, 'NETWORK']
    ])
    const is = 'is not a tracker URL: expected udp://host:port, with or without a path'
    assert.equal(results[1].error.message, `"/x" ${is}; "/y" ${is}`)
  })

  test('is checked without such lines with --skip-invalid, which names them', async (t) => {
    const tracker = await startScriptedTracker(t)
    const [file] = temporaryFiles(t, { list: `${tracker.url}\ntracker.test\n` })
    const args = ['check', '--file', file, '--skip-invalid', '--json']
    const { code, stdout, stderr } = await runCommand(t, args)
    assert.equal(code, 0)
    assert.equal(jsonLines(stdout).length, 1)
    assert.equal(
      stderr,
      `${NAME}: left out: ${file}:2: "tracker.test" is not a tracker URL: expected udp://host:port, with or without a path\n`
    )
  })

  test(
    'is printed as trackers finish, and Ctrl-C leaves what has finished',
    withSignals,
    async (t) => {
      const slow = await startScriptedTracker(t, { announce: silent })
      const tracker = await startScriptedTracker(t)
      const child = startCommand(t, ['check', slow.url, tracker.url])
      await slow.nextAnnounce()
      await printed(child, /works\n/)
      child.process.kill('SIGINT')
      const { code, stdout, stderr } = await child.exit()

      assert.equal(code, 130)
      assert.match(stdout, /works\n\n1 tracker: 1 works; times in ms\n/)
      assert.equal(stderr, `${NAME}: interrupted, 1 of 2 trackers checked\n`)
    }
  )

  const AT_ONCE = 40

  // Trackers of which none gives a connection ID before `enough` have asked for one. `most` is how many were under way
  // at once.
  async function startTogether(t, count, enough) {
    const held = []
    const together = { urls: [], most: 0 }
    let started = 0
    let ended = 0
    const script = {
      connect: (request, tracker) => {
        if (tracker.connects.length > 1) {
          return wire.connectResponse(request, tracker.issueConnectionId())
        }
        together.most = Math.max(together.most, ++started - ended)
        held.push(() =>
          tracker.send(wire.connectResponse(request, tracker.issueConnectionId()), request)
        )
        if (started >= enough) while (held.length > 0) held.shift()()
        return []
      },
      scrape: (request) => {
        ended++
        return wire.scrapeResponse(request, [{}])
      }
    }
    for (let i = 0; i < count; i++) together.urls.push((await startScriptedTracker(t, script)).url)
    return together
  }

  test('is checked all at once', async (t) => {
    const together = await startTogether(t, AT_ONCE, AT_ONCE)
    const { code, results } = await check(t, together.urls)
    assert.equal(code, 0)
    assert.deepEqual(results.map(({ url }) => url).sort(), together.urls.sort())
  })

  test('is checked as many at a time as --concurrency says', async (t) => {
    const together = await startTogether(t, AT_ONCE, 8)
    const { code, results } = await check(t, [...together.urls, '--concurrency', '8'])
    assert.deepEqual([code, results.length], [0, AT_ONCE])
    assert.equal(together.most, 8)
  })

  test('is checked with as many file descriptors as there are', withShell, async (t) => {
    const together = await startTogether(t, AT_ONCE, 1)
    const command = `ulimit -n 52 && exec "${process.execPath}" "${PROGRAM}" "$@"`
    const args = ['-c', command, 'sh', 'check', ...together.urls, '--json']
    const child = startCommandOf(t, ['sh', ...args])
    const { code, stdout, stderr } = await child.exit()
    assert.deepEqual([code, stderr], [0, ''])
    assert.equal(jsonLines(stdout).length, AT_ONCE)
  })

  test('has "stopped" sent to each tracker, also after Ctrl-C', withSignals, async (t) => {
    const tracker = await startScriptedTracker(t, { scrape: silent })
    const child = startCommand(t, ['check', tracker.url])
    await tracker.nextScrape()
    const started = await tracker.nextAnnounce()
    child.process.kill('SIGINT')
    const stopped = await tracker.nextAnnounce()
    assert.deepEqual([started.event, stopped.event], [2, 3])
    assert.equal((await child.exit()).code, 130)
  })

  test('of 150,000 trackers does not exhaust the stack', async (t) => {
    const lines = Array.from({ length: 150_000 }, (_, i) => `http://tracker-${i}.test/`)
    const { code, stdout, stderr } = await runCommand(t, ['check', '-'], {
      input: lines.join('\n')
    })
    assert.deepEqual({ code, stderr }, { code: 1, stderr: '' })
    assert.match(stdout, /\n150,000 trackers: 150,000 skipped; times in ms\n/)
  })
})

describe('what is printed', () => {
  // Answers its connects in the order wanted, by which one is faster than the other.
  async function startRace(t) {
    let release
    const first = new Promise((resolve) => (release = resolve))
    const fast = await startScriptedTracker(t, {
      scrape: (request) => {
        release()
        return wire.scrapeResponse(request, [{}])
      }
    })
    let isHeld = true
    const slow = await startScriptedTracker(t, {
      connect: (request, tracker) => {
        const answer = () =>
          tracker.send(wire.connectResponse(request, tracker.issueConnectionId()), request)
        if (isHeld) first.then(answer)
        else answer()
        isHeld = false
        return []
      }
    })
    const refusing = await startScriptedTracker(t, {
      announce: (request) => wire.errorResponse(request, 'no')
    })
    const closed = `udp://127.0.0.1:${await freePort()}`
    return { fast, slow, refusing, closed, urls: [closed, refusing.url, slow.url, fast.url] }
  }
  const run = async (t, race, args) => {
    const urls = [...race.urls, 'http://h/', '--timeout', '5']
    const result = await runCommand(t, ['check', ...urls, ...args])
    assert.equal(result.stderr, '')
    return result
  }

  test('with --only works is the bare URLs, the fastest first', async (t) => {
    const race = await startRace(t)
    const { code, stdout } = await run(t, race, ['--only', 'works'])
    assert.equal(code, 0)
    assert.equal(stdout, `${race.fast.url}\n${race.slow.url}\n`)
  })

  test('with --only and no match is nothing, and exit code 1', async (t) => {
    const { code, stdout } = await run(t, await startRace(t), ['--only', 'no-scrape'])
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
  })

  test('with --quiet is nothing at all', async (t) => {
    const { code, stdout } = await run(t, await startRace(t), ['--quiet'])
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
  })

  test('is sorted as --sort says', async (t) => {
    const race = await startRace(t)
    const sorted = async (sort) =>
      jsonLines((await run(t, race, ['--json', '--sort', sort])).stdout)
    assert.deepEqual(
      (await sorted('status')).map(({ status }) => status),
      ['works', 'works', 'refuses', 'failed', 'skipped']
    )
    const names = (await sorted('name'))
      .map(({ url }) => url)
      .filter((url) => url.startsWith('udp'))
    assert.deepEqual(names, [...race.urls].sort())
    const times = (await sorted('latency')).map(({ connectMs }) => connectMs ?? Infinity)
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b)
    )
  })

  test('with --format csv is a table for programs', async (t) => {
    const race = await startRace(t)
    const { stdout } = await run(t, race, ['--format', 'csv', '--sort', 'status'])
    const [header, works, , refuses, failed, skipped, end] = stdout.split('\n')
    assert.equal(
      header,
      'url,family,address,status,reason,lookupMs,connectMs,announceMs,scrapeMs,interval,bep34'
    )
    assert.match(
      works,
      /^udp:\/\/127\.0\.0\.1:\d+,4,127\.0\.0\.1,works,,,[\d.]+,[\d.]+,[\d.]+,1800,$/
    )
    assert.match(refuses, /,refuses,no,,[\d.]+,[\d.]+,[\d.]+,,$/)
    assert.equal(failed, `${race.closed},4,127.0.0.1,failed,port closed,,,,,,`)
    assert.equal(skipped, 'http://h/,,,skipped,not UDP (http),,,,,,')
    assert.equal(end, '')
  })

  test('with --format openmetrics is what Prometheus takes', async (t) => {
    const race = await startRace(t)
    const { stdout } = await run(t, race, ['--format', 'openmetrics'])
    assert.ok(stdout.includes(`\nbittorrent_tracker_up{url="${race.fast.url}",family="4"} 1\n`))
    assert.ok(stdout.includes(`\nbittorrent_tracker_up{url="${race.closed}",family="4"} 0\n`))
    const isRefusing = `{url="${race.refusing.url}",family="4",status="refuses"} 1\n`
    assert.ok(stdout.includes(`\nbittorrent_tracker_status${isRefusing}`))
    assert.match(stdout, /\nbittorrent_tracker_step_seconds\{.*step="scrape"\} 0\.\d+\n/)
    assert.ok(stdout.endsWith('\n# EOF\n'))
  })
})
