// The core in WebAssembly. What is called here, src/wasm/exports.rs has: they change together.
'use strict'

const { randomFillSync } = require('node:crypto')
const { brotliDecompressSync } = require('node:zlib')

// Random bytes that it begins with: for transaction IDs, and for what its tables are keyed by.
const SEED_LENGTH = 48

const HEADER_LENGTH = 16
const TIMED = 128
const PING = 64

let compiled = null
let packed = null
let missing = null

// Written out, and within `try`: bundlers take the file in, and a clone that has not built it has none. Not in a function, which
// would keep `require`, and with it a module that is dropped, for as long as a socket is open.
try {
  packed = require('./core-bytes.js')
} catch (error) {
  missing = error
}

/** The module. Throws an error with a text for people if there can be none. */
function compile() {
  if (compiled !== null) return compiled
  if (typeof WebAssembly !== 'object') throw new Error('there is no WebAssembly')
  if (packed === null) {
    throw new Error('its core is not built (npm run build:portable)', { cause: missing })
  }
  compiled = new WebAssembly.Module(brotliDecompressSync(Buffer.from(packed, 'base64')))
  packed = null
  return compiled
}

/** One instance. Whatever it is called with, an exception means that it is not to be called again. */
class Core {
  /** @param system The number of the look-up that serves whoever has none of his own. */
  constructor(system, seed = randomFillSync(Buffer.alloc(SEED_LENGTH))) {
    this.exports = new WebAssembly.Instance(compile()).exports
    this.memory = Buffer.alloc(0)
    this.view = null
    this.inputAt = 0
    this.inputLength = 0
    this.write(seed)
    this.exports.open(system)
  }

  // What there is of the memory has no length any more once it has grown.
  bytes() {
    if (this.memory.length === 0) {
      const { buffer } = this.exports.memory
      this.memory = Buffer.from(buffer)
      this.view = new DataView(buffer)
    }
    return this.memory
  }

  // Makes room for so many bytes of input, and returns where it is.
  room(length) {
    if (length > this.inputLength) {
      this.inputLength = Math.max(length, 2048)
      this.inputAt = this.exports.input(this.inputLength)
    }
    return this.inputAt
  }

  write(bytes, length = bytes.length) {
    const at = this.room(length)
    bytes.copy(this.bytes(), at, 0, length)
  }

  output(length) {
    const at = this.exports.output()
    return this.bytes().subarray(at, at + length)
  }

  submit(now, records, length) {
    this.write(records, length)
    this.exports.submit(now, length)
  }

  // An address, and bytes.
  writeAddressed(ip, bytes) {
    const at = this.room(ip.length + bytes.length)
    const memory = this.bytes()
    memory.latin1Write(ip, at, ip.length)
    memory.set(bytes, at + ip.length)
  }

  /**
   * A datagram has come.
   *
   * @param by The socket: its `path` and `port`, and how `late` what it sent last has left, in milliseconds.
   * @param from `ip`, `port` and `scope`: the number of a link-local address's interface, or 0.
   */
  receive(now, { path, port, late }, { ip, port: fromPort, scope }, datagram) {
    this.writeAddressed(ip, datagram)
    this.exports.receive(now, late, path, port, ip.length, fromPort, scope, datagram.length)
  }

  /** A socket that is connected to an address has an error of this code. */
  unreachable(now, path, to, code) {
    const bytes = Buffer.from(code)
    this.writeAddressed(to.ip, bytes)
    this.exports.unreachable(now, path, to.ip.length, to.port, to.scope, bytes.length)
  }

  /** Whether a connect by itself waits for an answer of an address. */
  isPinging(path, to) {
    this.writeAddressed(to.ip, [])
    return this.exports.is_pinging(path, to.ip.length, to.port, to.scope) !== 0
  }

  /** The next datagram to send, taken `at` this time; `null` if there is none. */
  transmit(at) {
    const length = this.exports.transmit(at)
    if (length === 0) return null
    const start = this.exports.output()
    const memory = this.bytes()
    const { view } = this
    const addressEnd = start + HEADER_LENGTH + memory[start + 15]
    // A copy: it may lie in a queue when the memory is something else.
    const bytes = Buffer.allocUnsafe(start + length - addressEnd)
    memory.copy(bytes, 0, addressEnd, start + length)
    return {
      ticket: view.getUint32(start, true),
      path: view.getUint32(start + 4, true),
      port: view.getUint32(start + 8, true),
      toPort: view.getUint16(start + 12, true),
      family: memory[start + 14] & ~(TIMED | PING),
      isTimed: (memory[start + 14] & TIMED) !== 0,
      isPing: (memory[start + 14] & PING) !== 0,
      address: memory.latin1Slice(start + HEADER_LENGTH, addressEnd),
      bytes,
      at
    }
  }

  unsent(now, ticket, { isLasting, code, words }) {
    const [name, text] = [Buffer.from(code), Buffer.from(words)]
    this.write(Buffer.concat([name, text]))
    this.exports.unsent(now, ticket, isLasting ? 1 : 0, name.length, text.length)
  }

  /** Fills `buffer` with whole batches of outcomes; returns how many bytes there are. */
  take(buffer) {
    let filled = 0
    for (let length; (length = this.exports.take(buffer.length - filled)) > 0; filled += length) {
      this.output(length).copy(buffer, filled)
    }
    return filled
  }

  /** The counters: names and values. */
  stats() {
    const lines = this.output(this.exports.stats()).latin1Slice().trimEnd().split('\n')
    return lines.map((line) => {
      const [name, value] = line.split(' ')
      return [name, Number(value)]
    })
  }
}

/** The parts of an announce URL, or the text of the error that a request with this URL ends with: see binding.d.ts. */
function parseUrl(text) {
  const core = new Core(0)
  const bytes = Buffer.from(text)
  core.write(bytes)
  const read = core.output(core.exports.parse_url(bytes.length)).utf8Slice()
  if (read.startsWith('!')) return read.slice(1)
  const [host, port, family, ...rest] = read.split('\n')
  return { host, port: Number(port), requestString: rest.join('\n'), family: Number(family) }
}

module.exports = { Core, compile, parseUrl }
