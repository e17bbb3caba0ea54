// `bittorrent-udp-tracker announce`: what goes out, what is printed, and what a tracker's failure looks like.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const { withSignals } = require('./support/child.js')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { runCommand, startCommand, jsonLines } = require('./support/command-line.js')
const { withoutIPv6 } = require('./support/loopback.js')
const wire = require('./support/wire.js')

const STOPPED = 3
const HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'
const SWARM = {
  interval: 1800,
  seeds: 12,
  leechers: 3,
  peers: ['192.0.2.10:6881', '198.51.100.7:51413']
}

const startTracker = (t, script) =>
  startScriptedTracker(t, {
    announce: (request) => wire.announceResponse(request, SWARM),
    ...script
  })

test('it prints interval, seeds, leechers and peers', async (t) => {
  const tracker = await startTracker(t)
  const result = await runCommand(t, ['announce', tracker.url, HASH])

  const peerId = (await tracker.nextAnnounce()).peerId.toString()
  assert.deepEqual(result, {
    code: 0,
    signal: null,
    stderr: '',
    stdout:
      `tracker    ${tracker.url}\n` +
      `info-hash  ${HASH}\n` +
      `peer ID    ${peerId}\n` +
      'interval   1,800 s (30 min)\n' +
      'seeds      12\n' +
      'leechers   3\n' +
      'peers      2\n' +
      '           192.0.2.10:6881\n' +
      '           198.51.100.7:51413\n'
  })
})

test('with --json it prints one object', async (t) => {
  const tracker = await startTracker(t)
  const { code, stdout, stderr } = await runCommand(t, ['announce', tracker.url, HASH, '--json'])

  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const peerId = (await tracker.nextAnnounce()).peerId.toString()
  assert.deepEqual(jsonLines(stdout), [
    { type: 'announce', url: tracker.url, infoHash: HASH, peerId, ...SWARM }
  ])
})

test('a peer that is only a test does not count as a seed, has a port, and a new peer ID each time', async (t) => {
  const tracker = await startTracker(t)
  await runCommand(t, ['announce', tracker.url, HASH])
  await runCommand(t, ['announce', tracker.url, HASH])

  const [first, second] = tracker.announces.filter(({ event }) => event !== STOPPED)
  const { event, port, left, downloaded, uploaded, numWant, key, ip } = first
  assert.deepEqual(
    { event, port, left, downloaded, uploaded, numWant, key, ip },
    { event: 0, port: 6881, left: 1n, downloaded: 0n, uploaded: 0n, numWant: 50, key: 0, ip: 0 }
  )
  assert.match(first.peerId.toString(), /^-TU2000-[0-9A-Za-z]{12}$/)
  assert.notDeepEqual(first.peerId, second.peerId)
})

test('each option reaches the tracker, also values that begin with a dash', async (t) => {
  const tracker = await startTracker(t)
  const options = {
    event: 'started',
    port: 51413,
    left: 2n ** 64n - 1n,
    downloaded: 5,
    uploaded: 6,
    'num-want': -1,
    key: 0xdeadbeef,
    ip: '203.0.113.5',
    family: 4,
    'peer-id': '-XX0100-abcdefghijkl',
    timeout: 9.5
  }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const { code } = await runCommand(t, ['announce', ...args, tracker.url, HASH])

  assert.equal(code, 0)
  const request = await tracker.nextAnnounce()
  assert.equal(request.infoHash.toString('hex'), HASH)
  assert.equal(request.peerId.toString(), options['peer-id'])
  const { event, port, left, downloaded, uploaded, numWant, key, ip } = request
  assert.deepEqual(
    { event, port, left, downloaded, uploaded, numWant, key, ip },
    {
      event: 2,
      port: 51413,
      left: 2n ** 64n - 1n,
      downloaded: 5n,
      uploaded: 6n,
      numWant: -1,
      key: 0xdeadbeef,
      ip: 0xcb007105
    }
  )
})

test('a peer ID may be given in hex and is then printed in hex', async (t) => {
  const tracker = await startTracker(t)
  const peerId = '00ff'.repeat(10)
  const args = ['announce', tracker.url, HASH, '--peer-id', peerId, '--json']
  const { stdout } = await runCommand(t, args)

  assert.equal((await tracker.nextAnnounce()).peerId.toString('hex'), peerId)
  assert.equal(jsonLines(stdout)[0].peerId, peerId)
})

test('completed means that nothing is left, unless --left is given', async (t) => {
  const tracker = await startTracker(t)
  const args = ['announce', tracker.url, HASH, '--event', 'completed', '--stay']
  await runCommand(t, args)
  await runCommand(t, [...args, '--left', '7'])
  assert.deepEqual(
    tracker.announces.map(({ left }) => left),
    [0n, 7n]
  )
})

test('user name and password are sent as the authentication extension has them', async (t) => {
  const tracker = await startTracker(t)
  const args = ['announce', tracker.url, HASH, '--username', 'ann', '--password', 'secret']
  assert.equal((await runCommand(t, args)).code, 0)

  const { raw } = await tracker.nextAnnounce()
  const sha1 = (bytes) => createHash('sha1').update(bytes).digest()
  assert.equal(raw.subarray(100, 104).toString(), '\x03ann')
  const signed = Buffer.concat([raw.subarray(0, 104), sha1('secret')])
  assert.deepEqual(raw.subarray(104, 112), sha1(signed).subarray(0, 8))
})

test('--family 6 asks over IPv6', { skip: withoutIPv6 }, async (t) => {
  const peers = Buffer.from('20010db8000000000000000000000010' + '1ae1', 'hex')
  const tracker = await startScriptedTracker(t, {
    family: 6,
    announce: (request) => wire.announceResponse(request, { peers })
  })
  const { stdout } = await runCommand(t, ['announce', tracker.url, HASH, '--family', '6'])
  assert.match(stdout, /^ {11}\[2001:db8::10\]:6881$/m)
})

describe('a failure', () => {
  const refusing = (t, message) =>
    startTracker(t, { announce: (request) => wire.errorResponse(request, message) })

  test("is exit code 1 and the tracker's own words", async (t) => {
    const tracker = await refusing(t, 'unregistered torrent')
    const result = await runCommand(t, ['announce', tracker.url, HASH])
    assert.deepEqual(result, {
      code: 1,
      signal: null,
      stdout: '',
      stderr: `bittorrent-udp-tracker announce: ${tracker.url}: unregistered torrent\n`
    })
  })

  test('cannot send commands to a terminal, in words or in JSON', async (t) => {
    const evil = 'a\x1b]0;title\x07\n\x9b31m\u202eb\u2028\x7f'
    const tracker = await refusing(t, evil)
    const { stderr } = await runCommand(t, ['announce', tracker.url, HASH])
    const expected = 'a\\x1b]0;title\\x07\\x0a\\x9b31m\\u202eb\\u2028\\x7f'
    assert.equal(stderr, `bittorrent-udp-tracker announce: ${tracker.url}: ${expected}\n`)

    const { stdout } = await runCommand(t, ['announce', tracker.url, HASH, '--json'])
    assert.match(stdout, /^[\x20-\x7e]+\n$/)
    const [{ error }] = jsonLines(stdout)
    assert.deepEqual(error, { code: 'TRACKER_ERROR', message: evil })
  })

  test('is an object with --json', async (t) => {
    const tracker = await refusing(t, 'unregistered torrent')
    const args = ['announce', tracker.url, HASH, '--json', '--peer-id', '-XX0100-abcdefghijkl']
    const { code, stdout, stderr } = await runCommand(t, args)
    assert.deepEqual({ code, stderr }, { code: 1, stderr: '' })
    assert.deepEqual(jsonLines(stdout), [
      {
        type: 'announce',
        url: tracker.url,
        infoHash: HASH,
        peerId: '-XX0100-abcdefghijkl',
        error: { code: 'TRACKER_ERROR', message: 'unregistered torrent' }
      }
    ])
  })

  test('is named in seconds when nothing answers', async (t) => {
    const tracker = await startTracker(t, { connect: silent })
    const args = ['announce', tracker.url, HASH, '--timeout', '0.25']
    const { code, stderr } = await runCommand(t, args)
    assert.equal(code, 1)
    assert.match(stderr, /: no answer within 0\.25 s\n$/)
  })

  test('is a name that cannot be resolved', async (t) => {
    const { code, stderr } = await runCommand(t, ['announce', 'udp://nonexistent.invalid:1', HASH])
    assert.equal(code, 1)
    assert.match(stderr, /: udp:\/\/nonexistent\.invalid:1: no such host\n$/)
  })
})

describe('afterwards', () => {
  const events = ({ announces }) => announces.map(({ event }) => event)

  test('the peer is gone from the tracker', async (t) => {
    const tracker = await startTracker(t)
    const { code, stderr } = await runCommand(t, ['announce', tracker.url, HASH])
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const [first, last] = tracker.announces
    assert.deepEqual(events(tracker), [0, STOPPED])
    assert.deepEqual([last.peerId, last.infoHash], [first.peerId, first.infoHash])
    assert.equal(last.port, first.port)
  })

  test('it is there still with --stay', async (t) => {
    const tracker = await startTracker(t)
    await runCommand(t, ['announce', tracker.url, HASH, '--event', 'started', '--stay'])
    assert.deepEqual(events(tracker), [2])
  })

  test('one that was announced as stopped is not announced as stopped again', async (t) => {
    const tracker = await startTracker(t)
    await runCommand(t, ['announce', tracker.url, HASH, '--event', 'stopped'])
    assert.deepEqual(events(tracker), [STOPPED])
  })

  test('a tracker that does not answer "stopped" is reported, and that is no failure', async (t) => {
    const tracker = await startTracker(t, {
      announce: (request) =>
        request.event === STOPPED
          ? wire.errorResponse(request, 'stay\x1b[2J')
          : wire.announceResponse(request, SWARM)
    })
    const { code, stderr } = await runCommand(t, ['announce', tracker.url, HASH])
    assert.equal(code, 0)
    assert.equal(
      stderr,
      'bittorrent-udp-tracker announce: the tracker did not take "stopped": stay\\x1b[2J; ' +
        'it counts this peer until its interval is over\n'
    )
  })

  test('the tracker whose answer did not come is sent "stopped" as well', async (t) => {
    const tracker = await startTracker(t, { announce: silent })
    const args = ['announce', tracker.url, HASH, '--timeout', '.5', '--json']
    const { code } = await runCommand(t, args)
    assert.equal(code, 1)
    assert.equal(events(tracker).at(-1), STOPPED)
  })

  test('the tracker that Ctrl-C interrupted is sent "stopped" as well', withSignals, async (t) => {
    const tracker = await startTracker(t, { announce: silent })
    const child = startCommand(t, ['announce', tracker.url, HASH])
    const { peerId } = await tracker.nextAnnounce()
    child.process.kill('SIGINT')
    const stopped = await tracker.nextAnnounce()
    assert.deepEqual([stopped.event, stopped.peerId], [STOPPED, peerId])
    assert.equal((await child.exit()).code, 130)
    // Sent again behind it, the announce would put the peer back.
    const events = tracker.announces.map(({ event }) => event)
    assert.deepEqual(events, [...events].sort())
  })
})

test('white space and a byte order mark around a URL are no part of it, and udp:// is not needed', async (t) => {
  const tracker = await startTracker(t)
  const bare = tracker.url.slice('udp://'.length)
  for (const url of [
    `  ${tracker.url}\r\n`,
    `\ufeff${tracker.url}`,
    bare,
    `${tracker.url} # mine`
  ]) {
    const { code, stdout } = await runCommand(t, ['announce', url, HASH, '--json', '--stay'])
    assert.equal(code, 0)
    assert.equal(jsonLines(stdout)[0].url, tracker.url)
  }
})

test('Ctrl-C ends it at once with 130', withSignals, async (t) => {
  const tracker = await startTracker(t, { announce: silent })
  const child = startCommand(t, ['announce', tracker.url, HASH])
  await tracker.nextAnnounce()
  child.process.kill('SIGINT')
  const { code, stdout } = await child.exit()
  assert.deepEqual({ code, stdout }, { code: 130, stdout: '' })
})

describe('a wrong value is named:', () => {
  const cases = {
    'nothing to announce: give info-hashes, --file LIST, or -': [],
    '"abc" is neither a tracker URL (udp://host:port) nor an info-hash (40 digits of hex, 32 of base32, a magnet link or a .torrent file)':
      ['abc'],
    [`"${'a'.repeat(41)}" is 41 digits of hex long, an info-hash has 40`]: ['a'.repeat(41)],
    '--event must be one of none, started, completed, stopped, paused, got "begun"': [
      HASH,
      '--event',
      'begun'
    ],
    '--port must be a whole number from 0 to 65535, got "70000"': [HASH, '--port', '70000'],
    '--left must be a whole number from 0 to 18446744073709551615, got "1.5"': [HASH, '--left=1.5'],
    '--num-want must be a whole number from -1 to 2147483647, got "-2"': [HASH, '--num-want', '-2'],
    '--key must be a whole number from 0 to 4294967295, got "--json"': [HASH, '--key', '--json'],
    '--ip must be an IPv4 address, got "::1"': [HASH, '--ip', '::1'],
    '--peer-id must be 20 bytes or 40 digits of hex, "-XX0100-" is 8 bytes': [
      HASH,
      '--peer-id',
      '-XX0100-'
    ],
    '--password needs --username': [HASH, '--password', 'secret'],
    '--username needs --password': [HASH, '--username', 'ann'],
    '--username must be at most 255 bytes long': [
      HASH,
      '--username',
      'u'.repeat(256),
      '--password',
      ''
    ]
  }
  for (const [message, args] of Object.entries(cases)) {
    test(message, async (t) => {
      const result = await runCommand(t, ['announce', 'udp://127.0.0.1:6969', ...args])
      assert.deepEqual(result, {
        code: 2,
        signal: null,
        stdout: '',
        stderr:
          `bittorrent-udp-tracker announce: ${message}\n` +
          'Try: bittorrent-udp-tracker announce --help\n'
      })
    })
  }
})
