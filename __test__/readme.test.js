// The README is true: each of its examples runs and prints what it says, each text that it says is thrown is thrown, and
// each error text of the code is in its table.
//
// A `js` example runs in a process of its own, against a tracker on loopback in place of tracker.example.org, and must
// print exactly the lines that its `// prints:` comments have. One that cannot be run is marked `js not-run`.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('./support/child')
const { codeBlocks, isModule, printed } = require('./support/markdown')
const { exampleScript } = require('./support/example-tracker')
const { startScriptedTracker } = require('./support/scripted-tracker')
const { UdpTracker, INFO_HASH, PEER_ID } = require('./support/client')
const { errorsOf } = require('./types/sources')

const README = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8')
const EXAMPLE_HOST = 'tracker.example.org:6969'
const RUN_MS = 20_000

// The examples of each kind: one that is added has to be counted here.
const COUNTS = { js: 16, 'js not-run': 0, ts: 1, sh: 6, console: 2 }

function urlDataOption(text) {
  return Buffer.from([2, text.length, ...Buffer.from(text)])
}

// What must have reached the tracker, for the examples that say so, by the example's heading.
const ON_THE_WIRE = {
  'Announce loop'({ announces: [first, second] }) {
    assert.deepEqual([first.event, first.left], [2, 734003200n])
    assert.deepEqual([second.event, second.left], [3, 734003200n - 16384n])
  },
  'Force and event words'({ announces }) {
    assert.deepEqual(
      announces.map(({ event }) => event),
      [2, 1]
    )
  },
  'How a peer announces itself'({ announces: [{ port, numWant, key, ip }] }) {
    assert.deepEqual([port, numWant, key, ip], [6881, 200, 0xdeadbeef, 0xcb007105])
  },
  'Large counters'({ announces: [{ uploaded, downloaded, left }] }) {
    assert.deepEqual([uploaded, downloaded, left], [2n ** 64n - 1n, 0n, 5n])
  },
  'Scrape many torrents'({ scrapes }) {
    assert.equal(scrapes.length, 12)
  },
  'Give up early'({ announces }) {
    assert.equal(announces.length, 0)
  },
  'Path and query'({ announces: [{ rest }] }) {
    assert.deepEqual(rest, urlDataOption('/announce?passkey=a%20b'))
  },
  Authentication({ announces: [{ raw }] }) {
    // Behind the port, at 98: the mask (both bodies), the user name, 8 bytes of a hash, the request string.
    assert.equal(raw.readUInt16BE(98), 3)
    assert.equal(raw.subarray(100, 104).toString(), '\x03ann')
    const sha1 = (bytes) => createHash('sha1').update(bytes).digest()
    const hash = sha1(Buffer.concat([raw.subarray(0, 104), sha1('secret')])).subarray(0, 8)
    assert.deepEqual(raw.subarray(104, 112), hash)
    assert.equal(raw.subarray(112).toString(), '\x09/announce')
  }
}

const made = (opts) => () => new UdpTracker(PEER_ID, INFO_HASH, 'udp://localhost', opts)
const scraped = (infoHash) => () => made()().scrape([INFO_HASH, INFO_HASH, INFO_HASH, infoHash])

// What throws each text that the README's tables have for TypeErrors and RangeErrors.
const THROWN = {
  'peerId must be 20 bytes long, got 19': () => new UdpTracker('x'.repeat(19), INFO_HASH, ''),
  'peerId must be a Buffer, a Uint8Array or a string, got number': () =>
    new UdpTracker(20, INFO_HASH, ''),
  'opts must be an object, got string': made('opts'),
  'opts.port must be a whole number from 0 to 65535, got 70000': made({ port: 70000 }),
  'opts.numWant must be a whole number from -1 to 2147483647, got -2': made({ numWant: -2 }),
  'opts.key must be a whole number from 0 to 4294967295, got -1': made({ key: -1 }),
  'opts.port must be a number, got object': made({ port: {} }),
  'opts._timeout must be a positive number of milliseconds, got -1': made({ _timeout: -1 }),
  'opts.ip must be the text of an IPv4 address, got ::1': made({ ip: '::1' }),
  'opts.ip must be the text of an IPv4 address, got number': made({ ip: 1 }),
  'opts.family must be 0, 4 or 6, got 5': made({ family: 5 }),
  'opts.auth must be {username, password}, got string': made({ auth: 'ann' }),
  'opts.auth.username must be a string, got undefined': made({ auth: {} }),
  'opts.auth.username must be at most 255 bytes long, got 256': made({
    auth: { username: 'u'.repeat(256), password: '' }
  }),
  'opts.left must be a whole number from 0 to 2^53 - 1 or a BigInt below 2^64, got -1': () =>
    made()().announce(2, { left: -1 }),
  'infoHashes must be an array of info-hashes': () => made()().scrape('hash'),
  'infoHashes[3] must be a Buffer, a Uint8Array or a string, got number': scraped(20),
  'infoHashes[3] must be 20 bytes long, or the 32 of BEP 52, got 19': scraped(Buffer.alloc(19)),
  "infoHashes[3] is not 40 digits of hex, nor the 64 of BEP 52: got 'abcd', 4 characters":
    scraped('abcd')
}

const BLOCKS = codeBlocks(README)
const inLanguage = (wanted) => BLOCKS.filter(({ language }) => language === wanted)
const RUNNABLE = inLanguage('js')

function run(code) {
  const args = [`--input-type=${isModule(code) ? 'module' : 'commonjs'}`, '--eval', code]
  return new Promise((resolve) => {
    // In the package's own folder its name means the package itself.
    execFile(process.execPath, args, { cwd: ROOT, timeout: RUN_MS }, (err, stdout, stderr) => {
      resolve({ code: err === null ? 0 : err.code || err.signal, stdout, stderr })
    })
  })
}

function startTracker(t, family) {
  return startScriptedTracker(t, { family, ...exampleScript(family) })
}

test('the examples are those that this test knows of', () => {
  const counts = Object.fromEntries(Object.keys(COUNTS).map((key) => [key, 0]))
  for (const { language } of BLOCKS) counts[language] = (counts[language] || 0) + 1
  assert.deepEqual(counts, COUNTS)

  const headings = RUNNABLE.map(({ heading }) => heading)
  for (const heading of Object.keys(ON_THE_WIRE)) assert.ok(headings.includes(heading), heading)
})

describe('the example', () => {
  RUNNABLE.forEach(({ heading, text }, index) => {
    test(`${index + 1}, under "${heading}", prints what it says`, async (t) => {
      assert.notEqual(printed(text), '', 'an example has a "// prints:" line')
      const tracker = await startTracker(t, /family: 6/.test(text) ? 6 : 4)
      const result = await run(text.replaceAll(EXAMPLE_HOST, tracker.url.replace('udp://', '')))

      assert.deepEqual(result, { code: 0, stdout: printed(text), stderr: '' })
      if (ON_THE_WIRE[heading]) ON_THE_WIRE[heading](tracker)
    })
  })
})

describe('the TypeScript example', () => {
  inLanguage('ts').forEach(({ text }, index) => {
    test(`${index + 1} compiles under strict`, () => {
      assert.deepEqual(errorsOf(`readme-${index + 1}.mts`, text), [])
    })
  })
})

describe('the thrown text', () => {
  const listed = [...README.matchAll(/^\| `([^`]+)`.*\| `(RangeError|TypeError)` +\|$/gm)]

  test('has a call here that throws it, and the other way round', () => {
    const texts = listed.map(([, text]) => text)
    assert.deepEqual(texts.sort(), Object.keys(THROWN).sort())
  })

  for (const [, text, name] of listed) {
    test(`"${text}" is thrown as the README says`, () => {
      assert.throws(THROWN[text], { name, message: text })
    })
  }
})

describe('the error text', () => {
  const sources = ['proto/failure', 'proto/url', 'proto/extension', 'net/failure']
  const code = sources.map((name) => fs.readFileSync(path.join(ROOT, 'src', `${name}.rs`), 'utf8'))
  const texts = [...code.join('').matchAll(/#\[error\("(.+?)"/g)]
    .map(([, text]) => text)
    // The tracker's own words, and a length that JavaScript has checked before.
    .filter((text) => text !== '{0}' && !text.startsWith('username is'))
  const listed = [...README.matchAll(/^\| `([^`|]+)`.*\| `[A-Z_]+` +\|/gm)].map(([, text]) => text)

  test('is found where it is declared', () => {
    assert.ok(texts.length >= 15, String(texts.length))
  })

  for (const text of texts) {
    test(`"${text}" is in the README`, () => {
      const escaped = text
        .split(/\{[^}]*\}/)
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      const pattern = new RegExp(`^${escaped.join('[A-Za-z0-9]+')}$`)
      assert.ok(
        listed.some((row) => pattern.test(row)),
        listed.join('\n')
      )
    })
  }
})
