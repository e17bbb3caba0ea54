// A SOCKS5 proxy (RFC 1928, 1929) for datagrams that does as a test tells it, and remembers what it was asked for.
'use strict'

const dgram = require('node:dgram')
const { once } = require('node:events')
const net = require('node:net')
const { deadline } = require('./deadline.js')

const IPV4 = 1
const DOMAIN = 3
const IPV6 = 4

// An address of SOCKS, from bytes: {host, port, type, end}.
function readAddress(bytes, at) {
  const type = bytes[at]
  const length = type === IPV4 ? 4 : type === IPV6 ? 16 : bytes[at + 1]
  const start = type === DOMAIN ? at + 2 : at + 1
  const raw = bytes.subarray(start, start + length)
  const host =
    type === DOMAIN
      ? raw.toString()
      : type === IPV4
        ? [...raw].join('.')
        : raw.toString('hex').match(/.{4}/g).join(':')
  return { host, type, port: bytes.readUInt16BE(start + length), end: start + length + 2 }
}

function address(host, port) {
  const tail = Buffer.from([port >> 8, port & 255])
  if (net.isIPv4(host)) return Buffer.concat([Buffer.from([IPV4, ...host.split('.')]), tail])
  if (net.isIPv6(host)) return Buffer.concat([Buffer.from([IPV6]), ipv6Bytes(host), tail])
  return Buffer.concat([Buffer.from([DOMAIN, host.length]), Buffer.from(host), tail])
}

function ipv6Bytes(host) {
  const [head, rest] = host.split('::').map((half) => half.split(':').filter((word) => word))
  const words = rest ? [...head, ...Array(8 - head.length - rest.length).fill('0'), ...rest] : head
  return Buffer.from(words.map((word) => word.padStart(4, '0')).join(''), 'hex')
}

class SocksProxy {
  constructor(script) {
    this.script = {
      // The method that is chosen of those offered.
      method: () => 0,
      credentials: () => true,
      // Code of the reply to UDP ASSOCIATE.
      reply: () => 0,
      // What is given as the relay's address.
      bound: (relay) => relay,
      // The addresses of a name: [host, family].
      resolve: () => ['127.0.0.1', 4],
      // What goes back for a datagram of a tracker: bytes, several of them, or nothing.
      backward: (datagram, from) => this.frame(datagram, from),
      silent: false,
      ...script
    }
    this.controls = new Set()
    this.relays = new Set()
    // What was asked for: the greeting's methods, the credentials, the requests, the datagrams.
    this.greetings = []
    this.credentials = []
    this.associations = 0
    this.targets = []
    this.readers = []
  }

  get port() {
    return this.server.address().port
  }

  get url() {
    return `socks5h://127.0.0.1:${this.port}`
  }

  // Waits until `condition()` holds; asked whenever something has happened here.
  async until(condition, what) {
    while (!condition()) {
      await deadline(
        new Promise((resolve) => this.readers.push(resolve)),
        `the proxy saw no ${what}`
      )
    }
  }

  happened() {
    for (const reader of this.readers.splice(0)) reader()
  }

  // A datagram as the relay sends it to the client.
  frame(datagram, from, fragment = 0) {
    return Buffer.concat([
      Buffer.from([0, 0, fragment]),
      address(from.address, from.port),
      datagram
    ])
  }

  async listen(port = 0, host = '127.0.0.1') {
    this.server = net.createServer((control) => this.onControl(control))
    this.server.listen(port, host)
    await once(this.server, 'listening')
  }

  onControl(control) {
    this.controls.add(control)
    control.on('close', () => this.controls.delete(control))
    control.on('error', () => {})
    this.happened()
    if (this.script.silent) return
    let state = 'greeting'
    let bytes = Buffer.alloc(0)
    control.on('data', async (data) => {
      bytes = Buffer.concat([bytes, data])
      if (state === 'greeting' && bytes.length >= 2 + bytes[1]) {
        const methods = [...bytes.subarray(2, 2 + bytes[1])]
        this.greetings.push(methods)
        const method = this.script.method(methods)
        bytes = bytes.subarray(2 + methods.length)
        state = method === 2 ? 'credentials' : 'request'
        control.write(Buffer.from([5, method]))
      } else if (state === 'credentials' && bytes.length >= 3) {
        const username = bytes.subarray(2, 2 + bytes[1]).toString()
        const at = 2 + bytes[1]
        if (bytes.length < at + 1 + bytes[at]) return
        const password = bytes.subarray(at + 1, at + 1 + bytes[at]).toString()
        bytes = bytes.subarray(at + 1 + bytes[at])
        this.credentials.push([username, password])
        state = 'request'
        control.write(Buffer.from([1, this.script.credentials(username, password) ? 0 : 1]))
      } else if (state === 'request' && bytes.length >= 10) {
        state = 'associated'
        const reply = this.script.reply()
        if (reply !== 0) {
          control.end(Buffer.concat([Buffer.from([5, reply, 0]), address('0.0.0.0', 0)]))
          return
        }
        const relay = await this.openRelay(control)
        const bound = this.script.bound({ address: '127.0.0.1', port: relay.address().port })
        this.associations++
        control.write(Buffer.concat([Buffer.from([5, 0, 0]), address(bound.address, bound.port)]))
        this.happened()
      }
    })
  }

  async openRelay(control) {
    const relay = dgram.createSocket('udp4')
    relay.bind(0, this.script.relayHost || '127.0.0.1')
    await once(relay, 'listening')
    this.relays.add(relay)
    let client = null
    const outward = {}
    for (const family of [4, 6]) {
      const socket = dgram.createSocket(`udp${family}`)
      socket.on('message', (datagram, from) => {
        const back = this.script.backward(datagram, from, this)
        for (const framed of [back || []].flat()) relay.send(framed, client.port, client.address)
      })
      outward[family] = socket
    }
    relay.on('message', (datagram, from) => {
      client = from
      const target = readAddress(datagram, 3)
      this.targets.push({ ...target, from, fragment: datagram[2] })
      const [host, family] =
        target.type === DOMAIN
          ? this.script.resolve(target.host)
          : [target.host, target.type === IPV6 ? 6 : 4]
      if (host !== null) outward[family].send(datagram.subarray(target.end), target.port, host)
      this.happened()
    })
    control.on('close', () => {
      for (const socket of [relay, outward[4], outward[6]]) socket.close()
      this.relays.delete(relay)
    })
    return relay
  }

  // Ends the connections and listens no more; `listen(port)` brings it back.
  async stop() {
    const closed = once(this.server, 'close')
    this.server.close()
    for (const control of this.controls) control.destroy()
    await closed
  }
}

async function startSocksProxy(t, script) {
  const proxy = new SocksProxy(script)
  await proxy.listen(script && script.port, script && script.address)
  t.after(() => proxy.server.listening && proxy.stop())
  return proxy
}

module.exports = { startSocksProxy, DOMAIN, IPV4, IPV6 }
