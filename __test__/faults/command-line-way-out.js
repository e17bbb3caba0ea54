// All four commands by an interface, with zones of link-local addresses, and to addresses that are nobody's: what a capture of
// both networks shows is what was asked for, and nothing else.
'use strict'

const assert = require('node:assert/strict')
const { runCommand } = require('../support/command-line.js')
const { TRACKER, TRACKER_V6, capture, runBetweenNetworks } = require('../support/two-networks.js')

const HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'
const ARGS = { announce: [HASH], scrape: [HASH], check: [], ping: ['--count', '1'] }
const COMMANDS = Object.keys(ARGS)

runBetweenNetworks(async (t, { outside, other }) => {
  const tun = await capture(t, 'tun0')
  // What each command comes to, all at once.
  const each = (urls, ...args) =>
    Promise.all(
      COMMANDS.map(async (name) => {
        const command = [name, ...urls, ...ARGS[name], '--timeout', '5', ...args]
        const { code, stdout, stderr } = await runCommand(t, command)
        return { name, code, said: stdout + stderr }
      })
    )
  const works = async (...call) => {
    for (const { name, code, said } of await each(...call)) assert.equal(code, 0, name + said)
  }
  const connects = () =>
    outside
      .take()
      .filter(({ kind }) => kind === 'connect')
      .map(({ from }) => from)

  // Without a way out everything leaves by eth0, and the capture shows it.
  await works([`udp://${TRACKER}:6969`])
  assert.ok((await other.packets('10.77.0.2')).length >= 2 * COMMANDS.length)

  outside.take()
  const hosts = [TRACKER, 'tracker.example', `[${TRACKER_V6}]`]
  await works(
    hosts.map((host) => `udp://${host}:6969`),
    '--interface',
    'tun0'
  )
  assert.deepEqual(new Set(connects()), new Set(['10.66.0.1', 'fd66::1']))

  // The zone of a link-local address is a way out of its own.
  await outside.tell({ listen: 'fe80::66:2%tun0-there' })
  await works(['udp://[fe80::66:2%25tun0]:6969', 'udp://[fe80::66:2%tun0]:6969'])
  for (const from of connects()) assert.match(from, /^fe80:/)
  assert.deepEqual(await other.packets('10.77.0.2'), [])

  // What is nobody's or many's is never sent to, by any way.
  await tun.packets('10.66.0.2')
  for (const way of [[], ['--interface', 'tun0']]) {
    const refused = {
      '239.255.255.250': 'it is a multicast address',
      '0.0.0.1': 'no host has this address',
      '[ff02::1]': 'it is a multicast address',
      '255.255.255.255': 'it is a broadcast address',
      '[fe80::66:2%25nope]': 'there is no network interface nope'
    }
    const urls = Object.keys(refused).map((host) => `udp://${host}:6969`)
    for (const { name, code, said } of await each(urls, ...way)) {
      assert.equal(code, 1, name)
      for (const reason of Object.values(refused)) assert.ok(said.includes(reason), name + said)
    }
  }
  assert.deepEqual(await other.packets('10.77.0.2'), [])
  assert.deepEqual(await tun.packets('10.66.0.2'), [])

  // Without the interface nothing leaves, not even a look-up.
  outside.unplug('tun0')
  outside.take()
  const urls = [`udp://${TRACKER}:6969`, 'udp://new.example:6969']
  for (const { name, code, said } of await each(urls, '--interface', 'tun0')) {
    assert.equal(code, 1, name)
    assert.match(said, /there is no network interface tun0/)
  }
  assert.deepEqual(outside.take(), [])
  assert.deepEqual(await other.packets('10.77.0.2'), [])
})
