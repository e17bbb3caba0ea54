// The tables of docs/api.md are true: each text that it says is thrown is thrown, and each error text of the code is there.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('./support/child.js')
const { UdpTracker, INFO_HASH, PEER_ID } = require('./support/client.js')
const { readPage } = require('./support/pages.js')

const API = readPage('docs/api.md')

const made = (opts) => () => new UdpTracker(PEER_ID, INFO_HASH, 'udp://localhost', opts)
const announcing = (opts) => () =>
  UdpTracker.announce('udp://localhost', {
    peerId: PEER_ID,
    infoHash: INFO_HASH,
    port: 6881,
    ...opts
  })
const scraped = (infoHash) => () => made()().scrape([INFO_HASH, INFO_HASH, INFO_HASH, infoHash])

// What throws each text of the tables of TypeErrors and RangeErrors, or rejects with it.
const THROWN = {
  'peerId must be 20 bytes long, got 19': () => new UdpTracker('x'.repeat(19), INFO_HASH, ''),
  'peerId must be a Buffer, a Uint8Array or a string, got number': () =>
    new UdpTracker(20, INFO_HASH, ''),
  'infoHash must be 20 bytes long, or the 32 of BEP 52, got 19': () =>
    new UdpTracker(PEER_ID, Buffer.alloc(19), ''),
  "infoHash is not 40 digits of hex, nor the 64 of BEP 52: got 'abcd', 4 characters": () =>
    new UdpTracker(PEER_ID, 'abcd', ''),
  'opts must be an object, got string': () => made()().announce(2, 'opts'),
  'opts.port must be a whole number from 0 to 65535, got 70000': made({ port: 70000 }),
  'opts.numWant must be a whole number from -1 to 2147483647, got -2': made({ numWant: -2 }),
  'opts.key must be a whole number from 0 to 4294967295, got -1': made({ key: -1 }),
  'opts.port must be a number, got bigint': made({ port: 80n }),
  'opts.numWant must be a number, got string': made({ numWant: '5' }),
  'opts.retry must be true or false, got string': made({ retry: 'yes' }),
  "opts.events must be 'once', got twice": made({ events: 'twice' }),
  'opts.jitter must be from 0 to 1, got 2': made({ jitter: 2 }),
  'opts.numwant is unknown: did you mean numWant?': announcing({ numwant: 5 }),
  'opts.timeout must be a positive number of milliseconds, got 0: leave it out for the default':
    announcing({ timeout: 0 }),
  'opts.timeout must be a positive number of milliseconds, got Infinity: 2147483647, 24 days, is as long as a timer can be':
    announcing({ timeout: Infinity }),
  'opts._timeout must be a positive number of milliseconds, got -1': made({ _timeout: -1 }),
  'opts.ip must be the text of an IPv4 address, got ::1': made({ ip: '::1' }),
  'opts.ip must be the text of an IPv4 address, got number': made({ ip: 1 }),
  "opts.family must be 0, 4 or 6, or 'both' for announces, got 5": made({ family: 5 }),
  'opts.auth must be {username, password}, got string': made({ auth: 'ann' }),
  'opts.auth.username must be a string, got undefined': made({ auth: {} }),
  'opts.auth.username must be at most 255 bytes long, got 256': made({
    auth: { username: 'u'.repeat(256), password: '' }
  }),
  'transport.proxi is unknown: did you mean proxy?': made({ transport: { proxi: '' } }),
  'opts.port must be given: the port that this peer listens on': announcing({ port: undefined }),
  "unknown event: got 'finished', not one of none, completed, started, stopped, paused, or 0 to 4":
    announcing({ event: 'finished' }),
  'opts.timeout must be a positive number of milliseconds, got -1': announcing({ timeout: -1 }),
  'opts.retransmit must be a boolean, got string': () =>
    UdpTracker.ping('udp://localhost', { retransmit: 'yes' }),
  'opts.signal must be an AbortSignal': announcing({ signal: {} }),
  'opts.onProgress must be a function': () =>
    UdpTracker.scrape('udp://localhost', [INFO_HASH], { onProgress: 1 }),
  'opts.left must be a whole number from 0 to 2^53 - 1 or a BigInt below 2^64, got -1': () =>
    made()().announce(2, { left: -1 }),
  'infoHashes must be an array of info-hashes': () => made()().scrape('hash'),
  'infoHashes[3] must be a Buffer, a Uint8Array or a string, got number': scraped(20),
  'infoHashes[3] must be 20 bytes long, or the 32 of BEP 52, got 19': scraped(Buffer.alloc(19)),
  "infoHashes[3] is not 40 digits of hex, nor the 64 of BEP 52: got 'abcd', 4 characters":
    scraped('abcd')
}

describe('the thrown text', () => {
  const listed = [...API.matchAll(/^\| `([^`]+)`.*\| `(RangeError|TypeError)` +\|$/gm)]

  test("has a call here that throws it, and each call's text is in the guide", () => {
    const texts = listed.map(([, text]) => text)
    assert.deepEqual(texts.sort(), Object.keys(THROWN).sort())
  })

  for (const [, text, name] of listed) {
    test(`"${text}" is thrown as the page says`, async () => {
      await assert.rejects(async () => THROWN[text](), { name, message: text })
    })
  }
})

describe('the error text', () => {
  const sources = [
    'proto/failure',
    'proto/url',
    'proto/extension',
    'requests/failure',
    'requests/transport'
  ]
  const code = sources.map((name) => fs.readFileSync(path.join(ROOT, 'src', `${name}.rs`), 'utf8'))
  // A REASON within a text.
  const reasons = /pub enum Unreachable \{[^]*?\n\}/
  const texts = [
    ...code
      .join('')
      .replace(reasons, '')
      .matchAll(/#\[error\("(.+?)"/g)
  ]
    .map(([, text]) => text)
    // The tracker's or the system's own words, and a length that JavaScript has checked before.
    .filter((text) => !/^\{\w+\}$/.test(text) && !text.startsWith('username is'))
  const listed = [...API.matchAll(/^\| `([^`|]+)`.*\| `[A-Z_]+` +\|/gm)].map(([, text]) => text)

  test('is found where it is declared', () => {
    assert.ok(texts.length >= 15, String(texts.length))
  })

  for (const text of texts) {
    test(`"${text}" is on the page`, () => {
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
