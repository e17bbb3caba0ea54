// Two ways to one outside, in a namespace of the test's own: `tun0`, as a VPN has it, and `eth0`, where the default route
// goes. Outside, on every address of theirs, are a tracker and a name server.
'use strict'

const { fork, spawn } = require('node:child_process')
const { once } = require('node:events')
const dgram = require('node:dgram')
const fs = require('node:fs')
const path = require('node:path')
const { deadline } = require('./deadline.js')
const { ip, run, useOwnResolver } = require('./fault.js')

const TRACKER = '198.51.100.1'
const TRACKER_V6 = '2001:db8:100::1'
const NAME_SERVER = '198.51.100.53'
const MARKER_PORT = 9999

// The addresses of an interface here, and of its other end.
const NETWORKS = {
  tun0: { here: ['10.66.0.1', 'fd66::1'], there: ['10.66.0.2', 'fd66::2', 'fe80::66:2'] },
  eth0: { here: ['10.77.0.1', 'fd77::1'], there: ['10.77.0.2', 'fd77::2', 'fe80::77:2'] }
}

const withLength = (address) =>
  address.includes(':') ? [`${address}/64`, 'nodad'] : [`${address}/24`]

class Outside {
  constructor(child) {
    this.child = child
    this.seen = []
    this.readers = []
    child.on('message', (message) => {
      this.seen.push(message)
      for (const reader of this.readers.splice(0)) reader()
    })
  }

  // Waits for the next thing seen that fits, and forgets what came before it.
  async next(fits) {
    for (;;) {
      const index = this.seen.findIndex(fits)
      if (index >= 0) return this.seen.splice(0, index + 1).pop()
      await deadline(
        new Promise((resolve) => this.readers.push(resolve)),
        `outside saw only ${JSON.stringify(this.seen)}`
      )
    }
  }

  nextOf(kind) {
    return this.next((message) => message.kind === kind)
  }

  async tell(message) {
    const before = this.seen.length
    this.child.send(message)
    for (;;) {
      const index = this.seen.findIndex(({ kind }, at) => kind === 'done' && at >= before)
      if (index >= 0) return void this.seen.splice(index, 1)
      await deadline(new Promise((resolve) => this.readers.push(resolve)), 'outside does nothing')
    }
  }

  // Who asked for something since the last time.
  take() {
    return this.seen.splice(0)
  }

  async plug(name, { mtu = 1500 } = {}) {
    const { here, there } = NETWORKS[name]
    const other = `${name}-there`
    ip('link', 'add', name, 'mtu', mtu, 'type', 'veth', 'peer', 'name', other, 'mtu', mtu)
    ip('link', 'set', other, 'netns', this.child.pid)
    fs.writeFileSync(`/proc/sys/net/ipv6/conf/${name}/accept_dad`, '0')
    for (const address of here) ip('addr', 'add', ...withLength(address), 'dev', name)
    await this.tell({
      run: [
        ...there.map((address) => ['addr', 'add', ...withLength(address), 'dev', other]),
        ['link', 'set', other, 'up']
      ]
    })
    ip('link', 'set', name, 'up')
    const [v4, v6] = there
    // What leaves from the addresses of an interface leaves by it, as VPN clients set it up; the rest by eth0.
    const table = name === 'tun0' ? '66' : '77'
    const priority = name === 'tun0' ? '200' : '100'
    for (const [family, via] of [
      ['-4', v4],
      ['-6', v6]
    ]) {
      ip(family, 'route', 'add', 'default', 'via', via, 'dev', name, 'table', table)
      ip(family, 'route', 'add', 'default', 'via', via, 'dev', name, 'metric', priority)
    }
  }

  unplug(name) {
    ip('link', 'del', name)
  }
}

// Every packet of UDP and TCP that leaves or reaches an interface, from now on.
class Capture {
  constructor(child) {
    this.child = child
    this.text = ''
    child.stdout.setEncoding('utf8').on('data', (text) => (this.text += text))
  }

  get lines() {
    return this.text
      .replace(/\n\s+/g, ' ')
      .split('\n')
      .filter((line) => line !== '')
  }

  // What went by until now: a datagram of the test's own marks the place.
  async packets(to) {
    const socket = dgram.createSocket('udp4')
    socket.send('marker', MARKER_PORT, to)
    const marks = (line) => line.includes(`.${MARKER_PORT}:`)
    while (!this.lines.some(marks)) {
      await deadline(once(this.child.stdout, 'data'), `no marker in ${this.text}`)
    }
    socket.close()
    const lines = this.lines.filter((line) => !marks(line) && !line.startsWith('ICMP'))
    this.text = ''
    return lines
  }
}

async function capture(t, device, filter = 'udp or tcp') {
  const args = ['-i', device, '--immediate-mode', '-l', '-n', '-v', '-t', filter]
  const child = spawn('tcpdump', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  let words = ''
  child.stderr.setEncoding('utf8')
  while (!words.includes('listening on')) {
    const [more] = await deadline(once(child.stderr, 'data'), 'tcpdump does not listen')
    words += more
  }
  return new Capture(child)
}

async function startTwoNetworks(t) {
  const child = fork(path.join(__dirname, 'outside.js'), [], {
    execPath: 'unshare',
    execArgv: ['--net', process.execPath]
  })
  t.after(() => child.kill('SIGKILL'))
  const outside = new Outside(child)
  await outside.nextOf('done')
  for (const [table, ...addresses] of [
    ['66', ...NETWORKS.tun0.here],
    ['77', ...NETWORKS.eth0.here]
  ]) {
    for (const address of addresses) {
      const family = address.includes(':') ? '-6' : '-4'
      ip(family, 'rule', 'add', 'from', address, 'lookup', table)
    }
  }
  await outside.plug('eth0')
  await outside.plug('tun0')
  await outside.tell({ serve: { trackers: [TRACKER, TRACKER_V6], nameServer: NAME_SERVER } })
  return outside
}

// Runs a script of __test__/faults/ between the two networks, with the name server outside as this machine's only one.
// `other` captures what leaves by eth0, where nothing may that was to go through tun0.
function runBetweenNetworks(main) {
  return run(async (t) => {
    useOwnResolver('timeout:1 attempts:1', NAME_SERVER)
    const outside = await startTwoNetworks(t)
    await main(t, { outside, other: await capture(t, 'eth0') })
  })
}

module.exports = { TRACKER, TRACKER_V6, capture, runBetweenNetworks, startTwoNetworks }
