// The way out goes while there is a request of each age, to the millisecond: in its look-up, in the repetitions of that, in
// its connect, in its announce and in the repetitions of that. Nothing leaves by the other way.
'use strict'

const assert = require('node:assert/strict')
const { setTimeout: wait } = require('node:timers/promises')
const { ip } = require('../support/fault.js')
const { TRACKER, TRACKER_V6, runBetweenNetworks } = require('../support/two-networks.js')
const { UdpTracker, REQUEST } = require('../support/client.js')

// Longer than a look-up waits before its second repetition, and an announce before its first.
const OLDEST_MS = 1600

const proxy = `socks5h://${TRACKER}:1080`
const both = ['10.66.0.1', 'fd66::1']
// Without `interface` the routes decide, and those of an interface that goes are gone a moment before its addresses.
const loseAddresses = () => {
  ip('addr', 'del', '10.66.0.1/24', 'dev', 'tun0')
  ip('addr', 'del', 'fd66::1/64', 'dev', 'tun0')
}

runBetweenNetworks(async (t, { outside, other }) => {
  const unplug = () => outside.unplug('tun0')
  const goDown = () => ip('link', 'set', 'tun0', 'down')
  await outside.tell({ silent: true })
  for (const [round, [transport, lose]] of [
    [{ interface: 'tun0' }, unplug],
    [{ interface: 'tun0' }, goDown],
    [{ interface: 'tun0', localAddress: both }, unplug],
    [{ localAddress: both }, loseAddresses],
    [{ interface: 'tun0', proxy }, unplug],
    [{ localAddress: '10.66.0.1', proxy }, loseAddresses]
  ].entries()) {
    const requests = []
    const ask = (host) => {
      const asked = UdpTracker.announce(`udp://${host}:6969`, {
        ...REQUEST,
        timeout: 2500,
        transport
      })
      requests.push(
        asked.then(
          () => assert.fail(`${host} was answered`),
          (error) => error.code
        )
      )
    }
    const began = performance.now()
    for (let n = 0; performance.now() < began + OLDEST_MS; n++) {
      for (const kind of ['late', 'mute', 'prompt']) ask(`${kind}-${round}-${n}.example`)
      if (!transport.proxy && transport.localAddress) ask(`[${TRACKER_V6}]`)
      await wait(1)
    }
    assert.ok(
      outside.take().some(({ kind }) => kind === 'announce'),
      JSON.stringify(transport)
    )
    lose()
    const codes = new Set(await Promise.all(requests))
    assert.ok(
      [...codes].every((code) => ['NETWORK', 'DNS', 'TIMEOUT'].includes(code)),
      [...codes]
    )
    assert.deepEqual(await other.packets('10.77.0.2'), [], JSON.stringify(transport))

    if (lose !== unplug) unplug()
    await outside.plug('tun0')
    outside.take()
  }
})
