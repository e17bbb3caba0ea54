// `bittorrent-udp-tracker check` with many trackers: lists, names that nobody answers for, and an early end.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { startScriptedTracker, silent } = require('./support/scripted-tracker')
const {
  startCommand,
  runCommand,
  check,
  namesEnvironment,
  printed,
  temporaryFiles
} = require('./support/command-line')
const { freePort } = require('./support/real-trackers')
const wire = require('./support/wire')

const NAME = 'bittorrent-udp-tracker check'

describe('a name server that is silent', { skip: process.platform === 'win32' }, () => {
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

  test('does not hold up Ctrl-C', async (t) => {
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
  test('may have other trackers, doubles, comments and trackers in vain', async (t) => {
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
        [closed, 'failed', undefined],
        [tracker.url, 'works', undefined],
        ['wss://tracker.test', 'skipped', 'not UDP (wss)']
      ].sort()
    )
    const { stdout } = await runCommand(t, ['check', '-', ...args.slice(2)], {
      input: lines.join('\n')
    })
    assert.match(stdout, /\n4 trackers: 1 works, 1 failed, 2 not checked; times in ms\n$/)
  })

  test('of other trackers alone is a failure', async (t) => {
    const { code, stdout } = await runCommand(t, ['check', 'http://tracker.test/announce'])
    assert.equal(code, 1)
    assert.match(stdout, /\n1 tracker: 0 work, 1 not checked; times in ms\n$/)
  })

  test('with lines that are no URLs is wrong use, and each is named', async (t) => {
    const [file] = temporaryFiles(t, { list: 'udp://127.0.0.1:1\ntracker.test:6969\n/x\n' })
    const { code, stdout, stderr } = await runCommand(t, ['check', '--file', file])
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    const is = 'is no tracker URL: that is udp://host:port, with a path or without'
    assert.equal(
      stderr,
      `${NAME}: ${file}:2: "tracker.test:6969" ${is}\n` +
        `${NAME}: ${file}:3: "/x" ${is}\n` +
        `Try: ${NAME} --help\n`
    )
  })

  test('is printed as trackers finish, and Ctrl-C leaves what has finished', async (t) => {
    const slow = await startScriptedTracker(t, { announce: silent })
    const tracker = await startScriptedTracker(t)
    const child = startCommand(t, ['check', slow.url, tracker.url])
    await slow.nextAnnounce()
    await printed(child, /works\n/)
    child.process.kill('SIGINT')
    const { code, stdout, stderr } = await child.exit()

    assert.equal(code, 130)
    assert.equal(stdout.split('\n').length, 3, stdout)
    assert.equal(stderr, `${NAME}: interrupted, 1 of 2 trackers checked\n`)
  })

  test('is checked 16 trackers at a time', async (t) => {
    const AT_ONCE = 16
    const held = []
    let started = 0
    let ended = 0
    let most = 0
    const script = {
      // Nobody gets a connection ID before 16 have asked for one.
      connect: (request, tracker) => {
        most = Math.max(most, ++started - ended)
        held.push(() => {
          const answer = wire.connectResponse(request, tracker.issueConnectionId())
          tracker.send(answer, request)
        })
        if (started >= AT_ONCE) while (held.length > 0) held.shift()()
        return []
      },
      announce: (request) => {
        if (request.event === 3) ended++
        return wire.announceResponse(request)
      }
    }
    const trackers = []
    for (let i = 0; i < 2 * AT_ONCE; i++) trackers.push(await startScriptedTracker(t, script))
    const urls = trackers.map(({ url }) => url)
    const { code, results } = await check(t, urls)

    assert.equal(code, 0)
    assert.deepEqual(results.map(({ url }) => url).sort(), urls.sort())
    assert.equal(most, AT_ONCE)
  })

  test('with two URLs of one tracker connects once, and says so for both', async (t) => {
    const tracker = await startScriptedTracker(t)
    const { code, results } = await check(t, [tracker.url, `${tracker.url}/announce`])
    assert.equal(code, 0)
    assert.equal(tracker.connects.length, 1)
    assert.ok(results[0].connectMs > 0)
    assert.equal(results[0].connectMs, results[1].connectMs)
  })
})
