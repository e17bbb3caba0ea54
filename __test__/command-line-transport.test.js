// The command line's way out: local addresses, interfaces and proxies, and that nothing goes another way.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const dgram = require('node:dgram')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { startScriptedTracker } = require('./support/scripted-tracker')
const { startSocksProxy, DOMAIN, IPV4 } = require('./support/socks-proxy')
const { check, runCommand, namesEnvironment, temporaryFiles } = require('./support/command-line')
const { withoutAddresses, withoutIPv6 } = require('./support/loopback')
const wire = require('./support/wire')

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

// A name that the system's resolver would answer for, and a file that tells of it: it has a line for each look-up.
function watchedNames(t, names) {
  const [record, preload] = temporaryFiles(t, {
    'asked.txt': '',
    'watch.js': `
      const dns = require('node:dns')
      const fs = require('node:fs')
      for (const name of ['lookup', 'resolve4', 'resolve6']) {
        for (const of of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype]) {
          const original = of[name]
          if (original === undefined) continue
          of[name] = function (host, ...rest) {
            if (!require('node:net').isIP(host)) fs.appendFileSync(process.env.ASKED, name + ' ' + host + '\\n')
            return original.call(this, host, ...rest)
          }
        }
      }`
  })
  const env = namesEnvironment(names, { ASKED: record })
  env.NODE_OPTIONS += ` --require ${JSON.stringify(preload)}`
  return { env, asked: () => fs.readFileSync(record, 'utf8').trim().split('\n').filter(Boolean) }
}

test('the look-ups of check are seen by the helper that the other tests here rely on', async (t) => {
  const tracker = await startScriptedTracker(t)
  const { env, asked } = watchedNames(t, { 'tracker.test': ['127.0.0.1'] })
  const { code } = await check(t, [`tracker.test:${tracker.port}`], { env })
  assert.equal(code, 0)
  assert.deepEqual(asked(), ['lookup tracker.test'])
})

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
          check: ['connect', 'connect', 2, 'scrape', STOPPED],
          ping: ['connect']
        }[command]
      )
    })

    test(`that this machine does not have fails ${command}, which sends and asks nothing`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const { env, asked } = watchedNames(t, { 'tracker.test': ['127.0.0.1'] })
      for (const url of [tracker.url, `udp://tracker.test:${tracker.port}`]) {
        const args = [command, url, ...ARGS[command], '--local-address', FOREIGN]
        const { code, stdout, stderr } = await runCommand(t, args, { env })
        assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
        assert.match(stderr, new RegExp(`: local address ${FOREIGN} cannot be used: `))
      }
      assert.deepEqual(asked(), [])
      await assertNothingSentTo(tracker)
    })
  }

  test(
    'of each family: one that is missing fails check and ping',
    { skip: withoutIPv6 },
    async (t) => {
      const tracker = await startScriptedTracker(t)
      for (const command of ['check', 'ping']) {
        const locals = ['--local-address', FROM, '--local-address', '2001:db8::77']
        const args = [command, tracker.url, ...ARGS[command], ...locals]
        const { code, stdout, stderr } = await runCommand(t, args)
        assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
        assert.equal(
          stderr,
          `bittorrent-udp-tracker ${command}: local address 2001:db8::77 cannot be used: ` +
            'this machine does not have it\n'
        )
      }
      await assertNothingSentTo(tracker)
    }
  )

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

  test('keeps the names of check and ping from a resolver that asks from anywhere', async (t) => {
    const tracker = await startScriptedTracker(t)
    for (const command of ['check', 'ping']) {
      const { env, asked } = watchedNames(t, { 'tracker.test': ['127.0.0.1'] })
      const url = `udp://tracker.test:${tracker.port}`
      const args = [command, url, ...ARGS[command], '--timeout', '1', '--local-address', FROM]
      const { code } = await runCommand(t, args, { env })
      assert.equal(code, 1)
      assert.ok(!asked().includes('lookup tracker.test'), asked().join())
    }
    await assertNothingSentTo(tracker)
  })
})

describe('name servers that may be asked from local addresses', () => {
  const { serversFor } = require('../cli/client/bound-names')
  const cases = [
    [[FROM], ['127.0.0.53', '192.0.2.53'], ['127.0.0.53', '192.0.2.53']],
    [['10.0.0.1'], ['127.0.0.53', '192.0.2.53:5353'], ['192.0.2.53:5353']],
    [['10.0.0.1'], ['2001:db8::53', '192.0.2.53'], ['192.0.2.53']],
    [['fd00::1'], ['[2001:db8::53]:5353', '::1', '192.0.2.53'], ['[2001:db8::53]:5353']],
    [['10.0.0.1'], ['127.0.0.53'], /^name server 127\.0\.0\.53 of this machine would not ask/],
    [['10.0.0.1'], ['[::1]:53'], /^name server ::1 of this machine would not ask/],
    [['10.0.0.1'], ['2001:db8::53'], /^name server 2001:db8::53 cannot be asked from 10\.0\.0\.1$/],
    [['10.0.0.1'], [], /^no name server is configured$/]
  ]
  for (const [locals, configured, expected] of cases) {
    test(`${locals}: of ${configured.join(' and ') || 'none'}`, () => {
      if (Array.isArray(expected)) assert.deepEqual(serversFor(locals, configured), expected)
      else assert.throws(() => serversFor(locals, configured), { message: expected })
    })
  }
})

describe('--proxy', () => {
  for (const command of ['announce', 'scrape']) {
    test(`carries all of ${command}, names too, and nothing goes directly`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const proxy = await startSocksProxy(t, { method: () => 2 })
      const url = `udp://tracker.proxy.invalid:${tracker.port}`
      const proxyUrl = `socks5h://ann:se%20cret@127.0.0.1:${proxy.port}`
      const { env, asked } = watchedNames(t, {})
      const args = [command, url, ...ARGS[command], '--proxy', proxyUrl]
      const { code, stderr } = await runCommand(t, args, { env })
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
      assert.deepEqual(proxy.credentials, [['ann', 'se cret']])
      assert.equal(proxy.targets.length, tracker.requests.length)
      // On a busy machine the connect may be sent again, by the name once more.
      assert.equal(proxy.targets[0].type, DOMAIN)
      assert.equal(proxy.targets.at(-1).type, IPV4)
      assert.deepEqual(asked(), [])
    })

    test(`that is not there fails ${command}, which sends nothing`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const proxy = await startSocksProxy(t)
      const { url } = proxy
      await proxy.stop()
      const args = [command, tracker.url, ...ARGS[command], '--proxy', url, '--timeout', '9']
      const { code, stdout, stderr } = await runCommand(t, args)
      assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
      assert.match(stderr, /proxy 127\.0\.0\.1:\d+/)
      await assertNothingSentTo(tracker)
    })
  }
})

describe('--interface', () => {
  for (const command of ['announce', 'scrape']) {
    test(`that is not there fails ${command}, which sends and asks nothing`, async (t) => {
      const tracker = await startScriptedTracker(t)
      const args = [command, tracker.url, ...ARGS[command], '--interface', 'nowhere0']
      const { code, stdout, stderr } = await runCommand(t, args)
      assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
      assert.match(stderr, /: there is no network interface nowhere0\b/)
      await assertNothingSentTo(tracker)
    })
  }

  test('carries an announce and a scrape', { skip: process.platform !== 'linux' }, async (t) => {
    const tracker = await startScriptedTracker(t)
    for (const command of ['announce', 'scrape']) {
      const args = [command, tracker.url, ...ARGS[command], '--interface', 'lo']
      assert.equal((await runCommand(t, args)).code, 0)
    }
    assert.ok(tracker.requests.length > 0)
  })
})

describe('wrong usage, of which nothing is sent or looked up:', () => {
  const own = 'for announce and scrape: the connects of this command cannot go that way'
  const cases = [
    ...['check', 'ping'].flatMap((command) => [
      [command, ['--proxy', 'socks5h://127.0.0.1:1'], `--proxy is ${own}`],
      [command, ['--interface', 'lo'], `--interface is ${own}`]
    ]),
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
    ...['announce', 'scrape'].flatMap((command) => [
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
      const { env, asked } = watchedNames(t, { 'tracker.test': ['127.0.0.1'] })
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
      assert.deepEqual(asked(), [])
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
