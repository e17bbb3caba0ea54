// The command line's way out: local addresses, interfaces and proxies, and that nothing goes another way.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const dgram = require('node:dgram')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { startSocksProxy, DOMAIN, IPV4 } = require('./support/socks-proxy.js')
const { check, runCommand, namesEnvironment } = require('./support/command-line.js')
const { withoutAddresses, withoutIPv6 } = require('./support/loopback.js')
const wire = require('./support/wire.js')

const HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'
const STOPPED = 3
const FROM = '127.0.0.2'
// Of a network for documentation (RFC 5737): no machine's.
const FOREIGN = '192.0.2.77'
const ARGS = {
  announce: [HASH],
  scrape: [HASH],
  check: ['--timeout', '5'],
  ping: ['--count', '1']
}
const COMMANDS = Object.keys(ARGS)

// That nothing has reached it: whatever has is read before a datagram of our own, which arrives.
async function assertNothingSentTo(tracker) {
  const type = tracker.address.includes(':') ? 'udp6' : 'udp4'
  const socket = dgram.createSocket(type)
  socket.send(Buffer.concat([wire.PROTOCOL_ID, Buffer.alloc(8)]), tracker.port, tracker.address)
  await once(socket, 'message')
  const own = socket.address().port
  socket.close()
  assert.equal(tracker.requests.length, 1)
  assert.equal(tracker.requests.pop().from.port, own)
}

const sources = ({ requests }) => [...new Set(requests.map(({ from }) => from.address))]

describe('--local-address', { skip: withoutAddresses }, () => {
  for (const command of COMMANDS) {
    test(`is where all of ${command} comes from`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const args = [command, tracker.url, ...ARGS[command], '--local-address', FROM]
      const { code, stderr } = await runCommand(t, args)
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
      assert.deepEqual(sources(tracker), [FROM])
      const kinds = tracker.requests.map(({ kind, event }) => event ?? kind)
      assert.deepEqual(
        kinds,
        {
          announce: ['connect', 0, STOPPED],
          scrape: ['connect', 'scrape'],
          check: ['connect', 2, 'scrape', STOPPED],
          ping: ['connect']
        }[command]
      )
    })

    test(`that this machine does not have fails ${command}, which sends nothing`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const args = [command, tracker.url, ...ARGS[command], '--local-address', FOREIGN]
      const { code, stdout, stderr } = await runCommand(t, args)
      assert.equal(code, 1)
      assert.match(stdout + stderr, new RegExp(`local address ${FOREIGN} cannot be used: `))
      await assertNothingSentTo(tracker)
    })
  }

  test('asks no address of a family without one', { skip: withoutIPv6 }, async (t) => {
    const four = await startScriptedTracker(t)
    const six = await startScriptedTracker(t, { family: 6, port: four.port })
    for (const command of COMMANDS) {
      const url = `udp://[::1]:${six.port}`
      const args = [command, url, ...ARGS[command], '--local-address', FROM]
      const { code, stdout, stderr } = await runCommand(t, args)
      assert.equal(code, 1)
      assert.match(stdout + stderr, /no (local IPv6|IPv4) address/)
    }
    await assertNothingSentTo(six)

    // A name of both, from the hosts file or by itself.
    const url = `udp://both.localhost:${four.port}`
    const one = await check(t, [url, '--local-address', FROM])
    assert.deepEqual([one.code, one.results.map(({ family }) => family)], [0, [4]])
    await assertNothingSentTo(six)
    const both = await check(t, [url, '--local-address', FROM, '--local-address', '::1'])
    assert.deepEqual([both.code, both.results.map(({ family }) => family)], [0, [4, 6]])
    assert.deepEqual([sources(four), sources(six)], [[FROM], ['::1']])
  })
})

describe('--proxy', () => {
  for (const command of COMMANDS) {
    test(`carries all of ${command}, names too, and nothing goes directly`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const proxy = await startSocksProxy(t, { method: () => 2 })
      const url = `udp://tracker.proxy.invalid:${tracker.port}`
      const proxyUrl = `socks5h://ann:se%20cret@127.0.0.1:${proxy.port}`
      const args = [command, url, ...ARGS[command], '--proxy', proxyUrl]
      const { code, stdout, stderr } = await runCommand(t, args)
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
      assert.deepEqual(proxy.credentials, [['ann', 'se cret']])
      assert.equal(proxy.targets.length, tracker.requests.length)
      // On a busy machine the connect may be sent again, by the name once more.
      assert.equal(proxy.targets[0].type, DOMAIN)
      assert.equal(proxy.targets.at(-1).type, command === 'ping' ? DOMAIN : IPV4)
      // The proxy chooses the family: there are not two of which one never answers.
      if (command === 'check') assert.match(stdout, / v4 .* works\n[^]*1 tracker: 1 works;/)
      if (command === 'ping') assert.match(stdout, / 1 +0% .*\n$/)
    })
  }

  for (const command of COMMANDS) {
    test(`that is not there fails ${command}, which sends nothing`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const proxy = await startSocksProxy(t)
      const { url } = proxy
      await proxy.stop()
      const args = [command, tracker.url, ...ARGS[command], '--proxy', url, '--timeout', '9']
      const { code, stdout, stderr } = await runCommand(t, args)
      assert.equal(code, 1)
      assert.match(stdout + stderr, /proxy 127\.0\.0\.1:\d+/)
      await assertNothingSentTo(tracker)
    })
  }
})

describe('--interface', () => {
  for (const command of COMMANDS) {
    test(`that is not there fails ${command}, which sends and asks nothing`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const args = [command, tracker.url, ...ARGS[command], '--interface', 'nowhere0']
      const { code, stdout, stderr } = await runCommand(t, args)
      assert.equal(code, 1)
      assert.match(stdout + stderr, /there is no network interface nowhere0\b/)
      await assertNothingSentTo(tracker)
    })
  }

  test('carries every command', { skip: process.platform !== 'linux' }, async (t) => {
    const tracker = await startScriptedTracker(t)
    for (const command of COMMANDS) {
      const args = [command, tracker.url, ...ARGS[command], '--interface', 'lo']
      assert.equal((await runCommand(t, args)).code, 0)
    }
    assert.ok(tracker.requests.length > 0)
  })
})

describe('wrong usage, of which nothing is sent or looked up:', () => {
  const cases = [
    ...COMMANDS.flatMap((command) => [
      [command, ['--local-address', 'here'], '--local-address is not an IP address: here'],
      [command, ['--local-address', ''], '--local-address is not an IP address: '],
      [
        command,
        ['--local-address', FROM, '--local-address', '127.0.0.1'],
        '--local-address has two IPv4 addresses'
      ],
      [
        command,
        ['--local-address', FROM, '--family', '6'],
        '--family 6 needs an IPv6 --local-address'
      ]
    ]),
    ...COMMANDS.flatMap((command) => [
      [
        command,
        ['--proxy', ''],
        '--proxy is not valid: it must be socks5://host:port or socks5h://host:port'
      ],
      [command, ['--interface', ''], '--interface must be 1 to 255 bytes long, got 0'],
      [command, ['--proxy', 'proxy:1080'], '--proxy is not valid: unknown scheme proxy://'],
      [
        command,
        ['--proxy', 'http://ann:secret@proxy:1080'],
        '--proxy is not valid: unknown scheme http://'
      ],
      [
        command,
        ['--proxy', 'socks5://ann:secret@proxy:99999'],
        '--proxy is not valid: it must be socks5://host:port or socks5h://host:port'
      ],
      [
        command,
        ['--proxy', 'socks5://proxy:0'],
        '--proxy port must be a whole number from 1 to 65535, got 0'
      ],
      [
        command,
        ['--proxy', 'socks5://:secret@proxy'],
        '--proxy password is there without --proxy username'
      ]
    ]),
    // What looks like a name of the package's own is the user's word.
    [
      'ping',
      ['--local-address', 'transport.proxy'],
      '--local-address is not an IP address: transport.proxy'
    ],
    [
      'ping',
      ['--proxy', 'transport.lookup://proxy:1080'],
      '--proxy is not valid: unknown scheme transport.lookup://'
    ],
    ['announce', ['--family', 'all'], '--family must be one of 4, 6, both, got "all"'],
    ...['scrape', 'check', 'ping'].map((command) => [
      command,
      ['--family', 'both'],
      '--family must be 4 or 6, got "both"'
    ])
  ]
  for (const [command, args, message] of cases) {
    test(`${command} ${args.join(' ')}`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const env = namesEnvironment({ 'tracker.test': ['127.0.0.1'] })
      const url = `udp://tracker.test:${tracker.port}`
      const result = await runCommand(t, [command, url, ...ARGS[command], ...args], { env })
      assert.deepEqual(result, {
        code: 2,
        signal: null,
        stdout: '',
        stderr:
          `bittorrent-udp-tracker ${command}: ${message}\n` +
          `Try: bittorrent-udp-tracker ${command} --help\n`
      })
      await assertNothingSentTo(tracker)
    })
  }
})

test('docs/command-line.md and docs/transport.md have each of the options', () => {
  for (const page of ['command-line', 'transport']) {
    const text = fs.readFileSync(path.join(__dirname, `../docs/${page}.md`), 'utf8')
    for (const option of ['--local-address', '--interface', '--proxy', '--family both']) {
      assert.ok(text.includes(`\`${option}`), `${page}.md: ${option}`)
    }
  }
})
