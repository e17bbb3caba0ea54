// What the system can do to the package, and that it works again when that is over. The scripts are in faults/.
'use strict'

const { describe, test } = require('node:test')
const assert = require('node:assert/strict')
const path = require('node:path')
const { PRELUDE, startCommand } = require('./support/child.js')
const { UdpTracker, counted, createClient, nextUpdate } = require('./support/client.js')
const { NAMESPACE } = require('./support/fault.js')
const { needs, needsNamespaces } = require('./support/needs.js')
const { LOOK_UPS, WAYS_OUT, ofAddon } = require('./support/portable.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')

const noShell = process.platform === 'win32' && 'descriptors are limited by a shell of Unix'
const noNamespaces = needsNamespaces()
const noStrace = needs('strace')
const DATAGRAMS = ofAddon('Linux’ default is that of Node.js: DF is set')
const ADDRESSES = ofAddon('it hits what lists the addresses on the same thread, and glibc aborts')
const noCapture = needs('tcpdump')

const script = (name, ...args) => [
  process.execPath,
  path.join(__dirname, 'faults', `${name}.js`),
  ...args
]

async function assertRepaired(t, command, expected = { code: 0, stdout: 'done\n' }) {
  const result = await startCommand(t, command).exit()
  assert.deepEqual(result, { signal: null, stderr: '', ...expected })
}

// They mostly wait, each in a process or a network of its own.
describe('the system', { concurrency: 3 }, () => {
  for (const [name, what, { skip } = {}] of [
    ['dns-heals', 'a name server that fails is waited for'],
    ['dns-late', 'a process that starts before its network is answered when that is up'],
    ['host-moves', 'a host that gets another address is found there, whatever is in flight'],
    ['hosts-only', 'a system that asks no name servers asks none, however busy it is'],
    ['hosts-large', 'a large hosts file is read once, and holds up nobody', WAYS_OUT],
    ['resolv-conf', 'another name server of the system is asked by a transport as well', WAYS_OUT],
    ['dns-hangs', 'hosts whose look-up hangs hold up no other host, and not the exit', LOOK_UPS],
    ['dns-hangs-in-worker', 'a worker can be terminated while its look-ups hang', LOOK_UPS],
    [
      'command-line-interrupted',
      'Ctrl-C ends each command at once beside name servers that hang',
      LOOK_UPS
    ],
    [
      'bep34',
      'check says what the records of hosts say of their trackers',
      ofAddon('Node.js has no TXT records without c-ares')
    ],
    ['no-ipv6', 'a network without IPv6 has IPv4, and gets IPv6'],
    ['network-up', 'a network that comes up or changes is used at once, from another port'],
    ['black-hole', 'a route that leads nowhere is tried again until it leads somewhere'],
    ['interface-down', 'an interface that goes down and comes back costs a retransmission'],
    ['no-permission', 'what a firewall forbids is tried again'],
    ['broadcast', "a network's broadcast address is refused"],
    ['transport-zone', 'a link-local tracker is reached by the zone in its URL', WAYS_OUT]
  ]) {
    test(what, { skip: noNamespaces || skip }, (t) =>
      assertRepaired(t, [...NAMESPACE, ...script(name)])
    )
  }

  for (const [name, what, { skip } = WAYS_OUT] of [
    ['transport-interface', 'an interface that is chosen carries everything, or nothing goes'],
    [
      'transport-sweep',
      'a way out that goes at any millisecond of a request leaves no datagram on another'
    ],
    ['transport-address', 'local addresses that are chosen send everything, or nothing goes'],
    [
      'transport-command-line',
      'the command line sends and looks up from a local address, or not at all'
    ],
    [
      'command-line-way-out',
      'each command leaves by its interface or zone alone, and never to what is no host'
    ],
    ['fragments', 'what is too long for a link arrives in pieces', DATAGRAMS]
  ]) {
    test(what, { skip: noNamespaces || noCapture || skip }, (t) =>
      assertRepaired(t, [...NAMESPACE, ...script(name)])
    )
  }

  test(
    'process.exit does not wait for look-ups that hang',
    { skip: noNamespaces || LOOK_UPS.skip },
    (t) =>
      assertRepaired(t, [...NAMESPACE, ...script('dns-hangs', 'exit')], { code: 3, stdout: '' })
  )

  test(
    'without file descriptors there are errors or retries, until there are some',
    { skip: noShell || WAYS_OUT.skip },
    (t) =>
      assertRepaired(t, [
        'sh',
        '-c',
        'ulimit -n 100 && exec "$@"',
        'sh',
        ...script('no-descriptors')
      ])
  )

  // The first three calls of each thread fail.
  for (const [calls, error, counter, { skip } = {}] of [
    ['sendmsg,sendmmsg,sendto', 'ENOBUFS', 'sendErrors', ofAddon('libuv sends it again by itself')],
    ['sendmsg,sendmmsg,sendto', 'EPERM', 'sendErrors'],
    ['sendmsg,sendmmsg,sendto', 'ENOMEM', 'sendErrors'],
    ['recvmsg,recvmmsg,recvfrom', 'ECONNREFUSED', 'receiveErrors', ADDRESSES],
    ['recvmsg,recvmmsg,recvfrom', 'ENOMEM', 'receiveErrors']
  ]) {
    test(
      `${error} of ${calls} is retried until it passes`,
      { skip: noStrace || skip },
      async (t) => {
        const tracker = await startScriptedTracker(t)
        const code = `${PRELUDE}
        const tracker = create(undefined, { _timeout: 50 })
        tracker.on('update', () => console.log(UdpTracker.stats().${counter} > 0 ? 'done' : 'no fault'))
        tracker.announce(2)`
        const fault = ['-e', `trace=${calls}`, '-e', `inject=${calls}:error=${error}:when=1..3`]
        const command = ['strace', '-f', '-o', '/dev/null', ...fault, process.execPath, '-e', code]
        const result = await startCommand(t, command, { TRACKER_URL: tracker.url }).exit()
        assert.deepEqual(result, { code: 0, signal: null, stdout: 'done\n', stderr: '' })
      }
    )
  }
})

test('a closed port is asked again until a tracker listens there', async (t) => {
  const first = await startScriptedTracker(t)
  await first.close()
  const client = createClient(t, first.url, { _timeout: 50 })
  const { sent } = UdpTracker.stats()
  client.announce(2)
  await counted('sent', sent + 2)
  await startScriptedTracker(t, { port: first.port })
  await nextUpdate(client)
})
