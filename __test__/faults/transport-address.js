// Local addresses that are chosen: everything leaves from them, and nothing at all while they are not there.
'use strict'

const assert = require('node:assert/strict')
const { ip } = require('../support/fault.js')
const { TRACKER, TRACKER_V6, runBetweenNetworks } = require('../support/two-networks.js')
const {
  UdpTracker,
  createClient,
  nextError,
  nextUpdate,
  rejection,
  REQUEST
} = require('../support/client.js')

const request = { ...REQUEST, _timeout: 100 }

runBetweenNetworks(async (t, { outside, other }) => {
  for (const [address, length, url] of [
    ['10.66.0.1', '24', `udp://${TRACKER}:6969`],
    ['fd66::1', '64', `udp://[${TRACKER_V6}]:6969`]
  ]) {
    const transport = { localAddress: address }
    await UdpTracker.announce(url, { ...request, transport })
    assert.equal((await outside.nextOf('announce')).from, address)

    const client = createClient(t, url, { _timeout: 100, transport })
    await outside.tell({ silent: true })
    client.announce(2)
    await outside.nextOf('announce')
    ip('addr', 'del', `${address}/${length}`, 'dev', 'tun0')
    assert.match(
      await nextError(client),
      new RegExp(`local address ${address} cannot be used: Cannot assign requested address$`)
    )
    outside.take()
    const error = await rejection(UdpTracker.announce(url, { ...request, transport }))
    assert.equal(error.code, 'NETWORK')
    assert.match(
      error.message,
      /^local address \S+ cannot be used: Cannot assign requested address$/
    )
    assert.equal(error.cause.code, 'EADDRNOTAVAIL')
    assert.deepEqual(outside.take(), [])

    await outside.tell({ silent: false })
    ip('addr', 'add', `${address}/${length}`, 'dev', 'tun0', ...(length === '64' ? ['nodad'] : []))
    const family = length === '64' ? '-6' : '-4'
    const via = length === '64' ? 'fd66::2' : '10.66.0.2'
    ip(family, 'route', 'replace', 'default', 'via', via, 'dev', 'tun0', 'table', '66')
    client.announce(2)
    await nextUpdate(client)
    assert.equal((await outside.nextOf('announce')).from, address)
    client.destroy()
  }

  // A name is looked up from the address, and only its addresses of the given families are asked.
  const transport = { localAddress: '10.66.0.1' }
  await UdpTracker.announce('udp://tracker.example:6969', { ...request, transport })
  assert.equal((await outside.nextOf('look-up')).from, '10.66.0.1')
  await assert.rejects(
    UdpTracker.announce(`udp://[${TRACKER_V6}]:6969`, { ...request, transport }),
    {
      code: 'NETWORK',
      message: 'transport has no local IPv6 address'
    }
  )
  const both = { localAddress: ['10.66.0.1', 'fd66::1'] }
  outside.take()
  await UdpTracker.announce(`udp://${TRACKER}:6969`, { ...request, transport: both })
  await UdpTracker.announce(`udp://[${TRACKER_V6}]:6969`, { ...request, transport: both })
  const from = outside.take().map(({ from }) => from)
  assert.deepEqual(from, ['10.66.0.1', '10.66.0.1', 'fd66::1', 'fd66::1'])

  assert.deepEqual(await other.packets('10.77.0.2'), [])
})
