// What `transport` may be: a mistake throws, in the constructor too, and a misspelt option is a mistake.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { UdpTracker, INFO_HASH, PEER_ID } = require('./support/client.js')

const URL = 'udp://127.0.0.1:6969'

for (const [transport, name, message] of [
  ['tun0', 'TypeError', 'transport must be an object, got string'],
  [[], 'TypeError', 'transport must be an object, got array'],
  [{ localAdress: '127.0.0.1' }, 'TypeError', 'transport.localAdress is unknown: did you mean localAddress?'], // prettier-ignore
  [{ localAddress: 7 }, 'TypeError', 'transport.localAddress must be a string or an array of strings, got number'], // prettier-ignore
  [{ localAddress: [null] }, 'TypeError', 'transport.localAddress must be a string or an array of strings, got null'], // prettier-ignore
  [{ localAddress: 'localhost' }, 'RangeError', 'transport.localAddress is not an IP address: localhost'], // prettier-ignore
  [{ localAddress: [] }, 'RangeError', 'transport.localAddress has no address'],
  [{ localAddress: ['127.0.0.1', '127.0.0.2'] }, 'RangeError', 'transport.localAddress has two IPv4 addresses'], // prettier-ignore
  [{ localAddress: ['::1', '::2'] }, 'RangeError', 'transport.localAddress has two IPv6 addresses'],
  [{ interface: 7 }, 'TypeError', 'transport.interface must be a string, got number'],
  [{ interface: '' }, 'RangeError', 'transport.interface must be 1 to 255 bytes long, got 0'],
  [{ proxy: 7 }, 'TypeError', 'transport.proxy must be an object, got number'],
  [{ proxy: 'proxy:1080' }, 'RangeError', 'transport.proxy is not valid: unknown scheme proxy://'],
  [{ proxy: 'http://h:1' }, 'RangeError', 'transport.proxy is not valid: unknown scheme http://'],
  [{ proxy: 'socks5://h:1/x' }, 'RangeError', 'transport.proxy is not valid: it must end with the port'], // prettier-ignore
  [{ proxy: 'x' }, 'RangeError', 'transport.proxy is not valid: it must be socks5://host:port or socks5h://host:port'], // prettier-ignore
  [{ proxy: { host: 'h' } }, 'TypeError', 'transport.proxy.port must be a number, got undefined'],
  [{ proxy: { host: 'h', port: 0 } }, 'RangeError', 'transport.proxy.port must be a whole number from 1 to 65535, got 0'], // prettier-ignore
  [{ proxy: { port: 1 } }, 'TypeError', 'transport.proxy.host must be a string, got undefined'],
  [{ proxy: { host: 'a b', port: 1 } }, 'RangeError', 'transport.proxy.host is not a host: a b'],
  [{ proxy: { host: 'h', port: 1, user: 'x' } }, 'TypeError', 'transport.proxy.user is unknown'],
  [{ proxy: { host: 'h', port: 1, dns: 'both' } }, 'RangeError', "transport.proxy.dns must be 'remote' or 'local'"], // prettier-ignore
  [{ proxy: { host: 'h', port: 1, password: 'x' } }, 'TypeError', 'transport.proxy.password is there without transport.proxy.username'], // prettier-ignore
  [{ proxy: { host: 'h', port: 1, username: 'x'.repeat(256) } }, 'RangeError', 'transport.proxy.username must be 1 to 255 bytes long, got 256'], // prettier-ignore
  [{ lookup: 'dns' }, 'TypeError', 'transport.lookup must be a function, got string'],
  [{ lookup() {}, proxy: { host: 'h', port: 1, dns: 'remote' } }, 'TypeError', "transport.lookup and transport.proxy.dns 'remote' exclude each other"] // prettier-ignore
]) {
  test(message, async () => {
    assert.throws(() => new UdpTracker(PEER_ID, INFO_HASH, URL, { transport }), { name, message })
    const opts = { infoHash: INFO_HASH, peerId: PEER_ID, port: 1, transport }
    await assert.rejects(UdpTracker.announce(URL, opts), { name, message })
    await assert.rejects(UdpTracker.scrape(URL, [INFO_HASH], { transport }), { name, message })
  })
}

test('an empty transport is the default one', () => {
  for (const transport of [undefined, null, {}, { interface: undefined, proxy: null }]) {
    new UdpTracker(PEER_ID, INFO_HASH, URL, { transport })
  }
})
