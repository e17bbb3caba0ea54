// The filter of SECURITY.md, run as it stands there.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('./support/child.js')
const { UdpTracker, REQUEST } = require('./support/client.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')

function filterOfDocs(found) {
  const text = fs.readFileSync(path.join(ROOT, 'SECURITY.md'), 'utf8')
  const [, code] = /```js\n([^]*?)```/.exec(text)
  // Only what a name leads to is not the system's here.
  const dns = { lookup: async (host) => found(host) }
  const require_ = (name) => (name === 'node:dns/promises' ? dns : require(name))
  return new Function('require', `${code}\nreturn transport`)(require_)
}

const literal = (host) => [{ address: host, family: host.includes(':') ? 6 : 4 }]

test('internal addresses are refused, in URLs too, and nothing is sent', async (t) => {
  const tracker = await startScriptedTracker(t)
  const transport = filterOfDocs(literal)
  for (const [url, host] of [
    [tracker.url, '127.0.0.1'],
    ['udp://10.1.2.3:1', '10.1.2.3'],
    ['udp://192.168.0.1:1', '192.168.0.1'],
    ['udp://172.31.255.255:1', '172.31.255.255'],
    ['udp://169.254.169.254:1', '169.254.169.254'],
    ['udp://0.0.0.0:1', '0.0.0.0'],
    ['udp://[::]:1', '::'],
    ['udp://[::1]:1', '::1'],
    ['udp://[fd00::1]:1', 'fd00::1'],
    ['udp://[fe80::1]:1', 'fe80::1'],
    ['udp://[::ffff:10.1.2.3]:1', '::ffff:10.1.2.3']
  ]) {
    await assert.rejects(UdpTracker.announce(url, { ...REQUEST, transport }), (error) => {
      assert.equal(error.code, 'DNS', url)
      assert.match(error.message, /is inside this network$/)
      assert.ok(error.message.startsWith('cannot resolve tracker host'), host)
      return true
    })
  }
  assert.equal(tracker.requests.length, 0)
})

test('a name that resolves to an internal address later is refused then', async (t) => {
  const tracker = await startScriptedTracker(t)
  const transport = filterOfDocs(() => literal('127.0.0.1'))
  const url = `udp://rebinding.example:${tracker.port}`
  await assert.rejects(UdpTracker.announce(url, { ...REQUEST, transport }), {
    message:
      'cannot resolve tracker host rebinding.example: rebinding.example is inside this network'
  })
  const mixed = filterOfDocs(() => [...literal('10.0.0.1'), ...literal('192.0.2.1')])
  assert.deepEqual(await mixed.lookup('mixed.example', { family: 0 }), ['192.0.2.1'])
})
