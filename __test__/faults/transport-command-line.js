// The command line from a local address: connects and look-ups leave from there, and none does while it is not there.
'use strict'

const assert = require('node:assert/strict')
const { jsonLines, printed, runCommand, startCommand } = require('../support/command-line.js')
const { ip } = require('../support/fault.js')
const { TRACKER, TRACKER_V6, runBetweenNetworks } = require('../support/two-networks.js')

const HASH = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'
const ADDRESS = '10.66.0.1'
const ADDRESS_V6 = 'fd66::1'
const ARGS = {
  announce: [HASH],
  scrape: [HASH],
  check: [],
  ping: ['--count', '1']
}

runBetweenNetworks(async (t, { outside, other }) => {
  const from = () => new Set(outside.take().map(({ from }) => from))
  const command = (name, url, ...locals) => {
    const args = locals.flatMap((address) => ['--local-address', address])
    return runCommand(t, [name, url, ...ARGS[name], '--timeout', '5', ...args])
  }

  for (const name of Object.keys(ARGS)) {
    const { code, stdout, stderr } = await command(name, 'udp://tracker.example:6969', ADDRESS)
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, name)
    assert.equal((await outside.next(({ kind }) => kind === 'look-up')).name, 'tracker.example')
    // What the host says of its trackers, as well.
    if (name === 'check') assert.match(stdout, /works; BEP 34 lists UDP:6969\n/)
    assert.deepEqual(from(), new Set([ADDRESS]), name)
  }

  // With an address of each family, a name is asked for in both; this one has no IPv6 address.
  for (const name of ['check', 'ping']) {
    const url = 'udp://tracker.example:6969'
    assert.equal((await command(name, url, ADDRESS_V6, ADDRESS)).code, 0)
    await outside.next(({ kind }) => kind === 'connect')
    assert.ok([...from()].every((address) => address === ADDRESS))
  }

  ip('addr', 'del', `${ADDRESS}/24`, 'dev', 'tun0')
  for (const name of Object.keys(ARGS)) {
    for (const url of ['udp://tracker.example:6969', `udp://${TRACKER}:6969`]) {
      const { code, stdout, stderr } = await command(name, url, ADDRESS)
      assert.equal(code, 1)
      assert.match(stdout + stderr, new RegExp(`local address ${ADDRESS} cannot be used: `))
    }
  }
  assert.deepEqual(outside.take(), [])
  // The other family has an address of its own that is still there.
  for (const name of Object.keys(ARGS)) {
    const url = `udp://[${TRACKER_V6}]:6969`
    assert.equal((await command(name, url, ADDRESS, ADDRESS_V6)).code, 0, name)
    await outside.next(({ kind }) => kind === 'connect')
    assert.ok(
      [...from()].every((address) => address === ADDRESS_V6),
      name
    )
  }

  // Linux would go on sending from an IPv6 address that has gone.
  const args = ['ping', `udp://[${TRACKER_V6}]:6969`, '--interval', '0.2', '--json']
  const ping = startCommand(t, [...args, '--local-address', ADDRESS_V6])
  await printed(ping, /"ms":\d/)
  ip('addr', 'del', `${ADDRESS_V6}/64`, 'dev', 'tun0')
  await printed(ping, /"ms":null.*local address fd66::1 cannot be used/)
  outside.take()
  await printed(ping, /(cannot be used[^]*){3}/)
  assert.deepEqual(outside.take(), [])
  ip('addr', 'add', `${ADDRESS_V6}/64`, 'dev', 'tun0', 'nodad')
  ip('-6', 'route', 'replace', 'default', 'via', 'fd66::2', 'dev', 'tun0', 'table', '66')
  await printed(ping, /cannot be used[^]*"ms":\d/)
  ping.process.kill('SIGINT')
  const { code, stdout } = await ping.exit()
  assert.equal(code, 0)
  assert.ok(jsonLines(stdout).at(-1).received >= 2)

  assert.deepEqual(await other.packets('10.77.0.2'), [])
})
