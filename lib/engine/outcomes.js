// Outcomes of the engine, many in one buffer. What is read here, src/records/outcomes.rs writes: they change together.
'use strict'

const Failure = require('./failure.js')

const ANNOUNCED = 1
const SCRAPED = 2
const FAILED = 4
const SENT = 5
const ANSWERED = 6
const LOOK_UP = 7
const FORGET = 8
const DECIDED = 9
const PREFERENCES = 10

const KIND = 8
const CODE = 9
const PHASE = 10
const HEADER_LENGTH = 12

// What the text of an IPv6 address with a port begins with.
const OPENING_BRACKET = 0x5b

// Longer than any batch the engine passes on.
const INBOX_LENGTH = 512 * 1024

const CODES = ['TRACKER_ERROR', 'TIMEOUT', 'BAD_RESPONSE', 'DNS', 'BAD_URL', 'NETWORK']
const PHASES = [null, 'lookup', 'connect', 'announce', 'scrape']
// In the order of the engine's numbers for what was sent.
const SUBJECTS = ['connect', 'announce', 'scrape']
// In the order of the engine's numbers for what was decided.
const DECISIONS = [
  'silent',
  'connection-id-suspected',
  'next-address',
  'fresh-port',
  'window-closed',
  'look-up-repeated',
  'look-up-fallback',
  'look-up-of-silent'
]

/** A buffer of records: a record lies from `start` to `end`. */
class Inbox {
  constructor() {
    this.buffer = Buffer.allocUnsafeSlow(INBOX_LENGTH)
    this.view = new DataView(this.buffer.buffer)
  }

  endOf(start) {
    return start + this.view.getUint32(start, true)
  }

  numberOf(start) {
    return this.view.getUint32(start + 4, true)
  }

  /** Whether it tells of a datagram; most others end a request. */
  isTrace(start) {
    const kind = this.buffer[start + KIND]
    return kind === SENT || kind === ANSWERED
  }

  /** Whether it asks for a look-up of the application's own, or forgets one. */
  isOfLookUp(start) {
    const kind = this.buffer[start + KIND]
    return kind === LOOK_UP || kind === FORGET
  }

  /** Whether it tells of a decision. */
  isDecision(start) {
    return this.buffer[start + KIND] === DECIDED
  }

  /** Passes on what was decided. */
  decision(diagnostics, start, end) {
    const decision = DECISIONS[this.buffer[start + CODE]]
    diagnostics.decided(decision, this.buffer.latin1Slice(start + HEADER_LENGTH, end))
  }

  /** Passes on what it asks for. */
  lookUp(lookUps, start, end) {
    const { buffer, view } = this
    const question = this.numberOf(start)
    if (buffer[start + KIND] !== LOOK_UP) return lookUps.forget(question)
    const body = start + HEADER_LENGTH
    const host = buffer.utf8Slice(body + 4, end)
    lookUps.start(question, view.getUint32(body, true), host, buffer[start + CODE])
  }

  /** Of a trace: whether it is about a datagram that was sent for its request alone, and no connect of many. */
  isOfRequest(start) {
    return this.buffer[start + PHASE] !== 0
  }

  isFailure(start) {
    return this.buffer[start + KIND] === FAILED
  }

  /** The answer: see the head of engine.js. */
  answer(start, end) {
    const { buffer, view } = this
    const body = start + HEADER_LENGTH
    switch (buffer[start + KIND]) {
      case ANNOUNCED: {
        const peers = buffer.latin1Slice(body + 12, end)
        return {
          interval: view.getUint32(body, true),
          leechers: view.getUint32(body + 4, true),
          seeds: view.getUint32(body + 8, true),
          peers: peers === '' ? [] : peers.split(',')
        }
      }
      case SCRAPED: {
        const rows = []
        for (let at = body; at < end; at += 4) rows.push(view.getUint32(at, true))
        return rows
      }
      case PREFERENCES: {
        if (buffer[start + CODE] === 0) return null
        const words = buffer.latin1Slice(body, end)
        return words === '' ? [] : words.split(' ')
      }
      default: {
        const lookup = view.getFloat64(body + 8, true)
        return {
          address: buffer.latin1Slice(body + 16, end),
          family: buffer[body + 16] === OPENING_BRACKET ? 6 : 4,
          lookup: Number.isNaN(lookup) ? null : lookup,
          roundTrip: view.getFloat64(body, true)
        }
      }
    }
  }

  failure(start, end) {
    const { buffer } = this
    const texts = start + HEADER_LENGTH + 2
    const address = texts + buffer[texts - 2]
    const causeCode = address + buffer[texts - 1]
    return new Failure(
      buffer.utf8Slice(causeCode, end),
      CODES[buffer[start + CODE]],
      buffer.latin1Slice(texts, address) || null,
      PHASES[buffer[start + PHASE]],
      buffer.utf8Slice(address, causeCode) || null
    )
  }

  /** Passes on what it says of a datagram. `request` is `undefined` for a connect of many, and for a request that has ended. */
  trace(diagnostics, request, start, end) {
    const { buffer, view } = this
    const kind = SUBJECTS[buffer[start + CODE]]
    const attempt = view.getUint32(start + 12, true)
    const address = buffer.latin1Slice(start + 24, end)
    if (buffer[start + KIND] === ANSWERED) {
      const roundTrip = view.getFloat64(start + 16, true)
      diagnostics.answered(request, kind, attempt, address, roundTrip)
    } else {
      diagnostics.sent(request, kind, attempt, address)
    }
  }
}

module.exports = { Inbox }
