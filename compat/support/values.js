// Values of every type for every argument of version 1, by a seed: the same in both processes.
'use strict'

const url = require('node:url')
const { PEER_ID, INFO_HASH } = require('./arguments.js')

module.exports = { casesOf }

// Mulberry32.
function randomOf(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const BYTES = [...INFO_HASH]
const HEX = INFO_HASH.toString('hex')
const TEXT = PEER_ID.toString()

// Each is called for every case: a value is never shared.
const ANYTHING = [
  ...[
    undefined,
    null,
    true,
    false,
    '',
    ' ',
    'abc',
    '0',
    '2',
    '80',
    '80.9',
    ' 80 ',
    '-1',
    '0x10',
    '1e3'
  ],
  ...[
    'Infinity',
    'started',
    'toString',
    '__proto__',
    HEX,
    HEX.toUpperCase(),
    TEXT,
    `${HEX}\n`,
    `${HEX}a`
  ],
  ...[HEX.slice(1), 'ä'.repeat(10), 'x'.repeat(20), 'x'.repeat(40), '\0', '99999999999999999999'],
  ...[0, -0, 1, 2, 3, 4, 5, -1, 0.5, 1.5, -0.5, 80, 80.9, 65535, 65535.5, 65536, 1e300, 5e-324],
  ...[NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 63, 2 ** 64],
  ...[0n, 1n, 2n, 80n, -1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n]
].map((value) => () => value)
ANYTHING.push(
  ...[() => Symbol('x'), () => () => {}, () => class {}, () => ({}), () => [], () => new Date(0)],
  ...[
    () => /x/,
    () => new Map(),
    () => new Error('x'),
    () => Promise.resolve(),
    () => new Proxy({}, {})
  ],
  ...[() => Object.create(null), () => [2], () => ['2'], () => [80], () => [[3]], () => [1, 2]],
  ...[() => new Number(80), () => new Number(0), () => new String('80'), () => new String(HEX)],
  ...[() => new String(TEXT), () => new Boolean(false), () => ({ valueOf: () => 80 })],
  ...[() => ({ toString: () => '2' }), () => ({ valueOf: () => 7n }), () => ({ length: 20 })],
  () => ({
    valueOf() {
      throw new Error('x')
    },
    toString() {
      throw new Error('x')
    }
  }),
  ...[() => [...BYTES], () => BYTES.map(String), () => BYTES.map((byte) => byte - 256)],
  ...[
    () => BYTES.map((byte) => byte + 0.5),
    () => Array(20),
    () => BYTES.slice(1),
    () => [...BYTES, 1]
  ],
  ...[
    () => Buffer.from(BYTES),
    () => Buffer.alloc(0),
    () => Buffer.alloc(19),
    () => Buffer.alloc(21)
  ],
  ...[() => Buffer.alloc(32, 7), () => new Uint8Array(BYTES), () => new Uint8Array(19)],
  ...[() => new Uint8ClampedArray(BYTES), () => new Int8Array(BYTES), () => new Uint16Array(BYTES)],
  ...[() => new Float64Array(20), () => new BigInt64Array(20), () => new Uint8Array(BYTES).buffer],
  ...[() => new SharedArrayBuffer(20), () => new DataView(new ArrayBuffer(20))],
  ...[() => Buffer.from(BYTES).toJSON(), () => Object.assign({ length: 20 }, BYTES)]
)

const urlsOf = (port) => {
  const at = `127.0.0.1:${port}`
  return [
    ...[
      `udp://${at}`,
      `UDP://${at}`,
      `udp://${at}/`,
      `udp://user:pass@${at}`,
      `udp://localhost:${port}`
    ],
    ...[
      ` udp://${at}`,
      `udp://${at}\n`,
      `udp://${at}\r\n`,
      `\tudp://${at} `,
      `udp://LOCALHOST:${port}`
    ],
    ...[`udp://127.1:${port}`, `udp://0x7f000001:${port}`, `udp://2130706433:${port}`],
    ...[`udp://${at}#fragment`, `udp:\\\\${at}`, `udp:/${at}`, `udp:${at}`, `//${at}`, at],
    ...[
      `http://${at}`,
      `://${at}`,
      `udp://`,
      `udp://:${port}`,
      `udp://${at}:${port}`,
      `udp://${at}x`
    ],
    ...[
      `udp://127.0.0.1:0${port}`,
      `udp://127.0.0.1:0`,
      `udp://127.0.0.1:99999`,
      `udp://127.0.0.1:x`
    ],
    ...[
      `udp://[::1]:${port}`,
      `udp://127.0.0.256:${port}`,
      `udp://local\thost:${port}`,
      `udp://127.0.0.1 :${port}`
    ]
  ]
    .map((text) => () => text)
    .concat([
      () => new URL(`udp://${at}`),
      () => url.parse(`udp://${at}`),
      () => new String(`udp://${at}`),
      () => ({ hostname: '127.0.0.1', port }),
      () => ({ toString: () => `udp://${at}` })
    ])
}

// A case has one value that is not what it should be: `where` it is, and what makes its call.
function casesOf(seed, count, port) {
  const plain = `udp://127.0.0.1:${port}`
  const urls = [...urlsOf(port), ...ANYTHING]
  const call = ({
    peerId = PEER_ID,
    infoHash = INFO_HASH,
    at = plain,
    opts,
    event = 2,
    counted
  }) => ({
    args: [peerId, infoHash, at, opts],
    event,
    opts: counted
  })
  const places = {
    peerId: [ANYTHING, (value) => call({ peerId: value })],
    infoHash: [ANYTHING, (value) => call({ infoHash: value })],
    announceUrl: [urls, (value) => call({ at: value })],
    opts: [ANYTHING, (value) => call({ opts: value })],
    'opts.port': [ANYTHING, (value) => call({ opts: { port: value } })],
    'opts._timeout': [ANYTHING, (value) => call({ opts: { _timeout: value } })],
    event: [ANYTHING, (value) => call({ event: value })],
    'the opts of announce': [ANYTHING, (value) => call({ counted: value })],
    downloaded: [ANYTHING, (value) => call({ counted: { downloaded: value, left: 1 } })],
    left: [ANYTHING, (value) => call({ counted: { downloaded: 1, left: value } })],
    uploaded: [ANYTHING, (value) => call({ counted: { uploaded: value, left: 1 } })]
  }
  const cases = Object.entries(places).flatMap(([where, [values, use]]) =>
    values.map((value) => ({ where, value, make: () => use(value()) }))
  )
  // What no list has: any number, any text, any bytes.
  const random = randomOf(seed)
  for (let i = 0; i < count; i++) {
    const names = Object.keys(places).filter((name) => name !== 'announceUrl')
    const where = names[Math.floor(random() * names.length)]
    const value = anything(random)
    cases.push({ where, value, make: () => places[where][1](value()) })
  }
  return cases
}

function anything(random) {
  const upTo = (most) => Math.floor(random() * (most + 1))
  const size = 10 ** upTo(20)
  const kinds = [
    () => random() * size,
    () => -random() * size,
    () => Math.floor(random() * size),
    () => BigInt(Math.floor(random() * size)),
    () => String(Math.floor(random() * size)),
    () => String(random() * size),
    () => Array.from({ length: 20 }, () => upTo(255)),
    () => Array.from({ length: upTo(40) }, () => upTo(300) - 20),
    () => Buffer.from(Array.from({ length: 18 + upTo(4) }, () => upTo(255))),
    () => Array.from({ length: 38 + upTo(4) }, () => upTo(15).toString(16)).join(''),
    () => String.fromCharCode(...Array.from({ length: 18 + upTo(4) }, () => 32 + upTo(95)))
  ]
  const value = kinds[upTo(kinds.length - 1)]()
  return () => (Array.isArray(value) ? [...value] : value)
}
