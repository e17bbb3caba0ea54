// An interface that is chosen: everything goes through it, and nothing at all while it is not there.
'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { TRACKER, TRACKER_V6, capture, runBetweenNetworks } = require('../support/two-networks.js')
const {
  UdpTracker,
  INFO_HASH,
  createClient,
  nextError,
  nextUpdate,
  REQUEST
} = require('../support/client.js')

const request = { ...REQUEST, _timeout: 100 }

runBetweenNetworks(async (t, { outside, other }) => {
  const transport = { interface: 'tun0' }

  // Without it everything leaves by eth0, and the capture shows it.
  await UdpTracker.announce('udp://tracker.example:6969', request)
  assert.equal((await outside.nextOf('look-up')).from, '10.77.0.1')
  assert.equal((await outside.nextOf('announce')).from, '10.77.0.1')
  assert.ok((await other.packets('10.77.0.2')).length > 4)

  for (const url of [`udp://${TRACKER}:6969`, 'udp://other.example:6969']) {
    await UdpTracker.announce(url, { ...request, transport })
    assert.equal((await outside.nextOf('announce')).from, '10.66.0.1')
  }
  await UdpTracker.announce('udp://third.example:6969', { ...request, transport })
  assert.equal((await outside.nextOf('look-up')).from, '10.66.0.1')
  await UdpTracker.announce(`udp://[${TRACKER_V6}]:6969`, { ...request, transport })
  assert.equal((await outside.next(({ from }) => from === 'fd66::1')).kind, 'connect')
  await UdpTracker.scrape('udp://other.example:6969', [INFO_HASH], { transport })
  assert.equal((await outside.nextOf('scrape')).from, '10.66.0.1')

  // An object's own announce, when the interval ends, obeys too.
  await outside.tell({ interval: 1 })
  const client = createClient(t, 'udp://tracker.example:6969', { _timeout: 100, transport })
  client.announce(2)
  await nextUpdate(client)
  await nextUpdate(client)
  outside.take()

  // The interface goes while an announce is in flight.
  await outside.tell({ silent: true })
  client.announce(0, { force: true })
  await outside.nextOf('announce')
  outside.unplug('tun0')
  assert.match(await nextError(client), /there is no network interface tun0|No such device/)
  outside.take()

  // Nothing is asked and nothing is looked up while it is away.
  for (const url of [
    `udp://${TRACKER}:6969`,
    'udp://new.example:6969',
    'udp://tracker.example:6969'
  ]) {
    await assert.rejects(UdpTracker.announce(url, { ...request, transport }), {
      code: 'NETWORK',
      message: 'there is no network interface tun0'
    })
  }
  assert.deepEqual(outside.take(), [])

  // It comes back under its name, with another number.
  await outside.plug('tun0')
  await outside.tell({ silent: false, interval: 1800 })
  client.announce(0, { force: true })
  await nextUpdate(client)
  await UdpTracker.announce('udp://new.example:6969', { ...request, transport })

  // It goes and comes while nobody looks.
  outside.unplug('tun0')
  await outside.plug('tun0')
  await UdpTracker.announce(`udp://${TRACKER}:6969`, { ...request, transport })
  const from = outside.take().map(({ from }) => from)
  assert.deepEqual([...new Set(from)], ['10.66.0.1'])

  // A name server of this machine would ask by eth0.
  fs.writeFileSync('/etc/resolv.conf', 'nameserver 127.0.0.1\n')
  const here = await capture(t, 'lo', 'udp port 53 or udp port 9999')
  for (;;) {
    // The resolver reads the file again after a while.
    const url = `udp://local${Date.now()}.example:6969`
    const asked = UdpTracker.announce(url, { ...request, transport })
    const error = await asked.catch((error) => error)
    if (error.code !== 'DNS') continue
    assert.match(
      error.message,
      /name server 127\.0\.0\.1 of this machine would not ask by the transport$/
    )
    break
  }
  assert.deepEqual(await here.packets('127.0.0.1'), [])
  assert.deepEqual(await other.packets('10.77.0.2'), [])
})
