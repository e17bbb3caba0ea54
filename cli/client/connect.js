// The connect of BEP 15 by itself: 16 bytes there, 16 bytes back, and nothing that a tracker remembers anybody by.
//
// Not the engine's, which rightly keeps a connection ID for its minute and shares it: what `ping` measures, and `check`
// first, is a connect that really goes out. A socket for each address, so that the system tells of a port that is closed.
// With local addresses it leaves from there or not at all.
'use strict'

const { randomInt } = require('node:crypto')
const { TrackerError } = require('../..')
const { socketOf } = require('./local-addresses.js')

const PROTOCOL_ID = 0x41727101980n
const CONNECT = 0
const ERROR = 3
const LENGTH = 16

const REASONS = {
  ECONNREFUSED: 'port closed',
  ENETUNREACH: 'network unreachable',
  EHOSTUNREACH: 'host unreachable',
  EADDRNOTAVAIL: 'network unreachable',
  EACCES: 'not permitted',
  EPERM: 'not permitted'
}

/** What the system says of a datagram that did not arrive, as a TrackerError with the code NETWORK. */
function networkError(error) {
  if (error instanceof TrackerError) return error
  return new TrackerError(REASONS[error.code] || error.message, 'NETWORK', { cause: error })
}

class ConnectSocket {
  /**
   * To one address and port, from `local` unless that is `null`. `onAnswer(ms, error, tag)` for each connect that is answered, `error` being a TrackerError if
   * with an error; `onProblem(error)` when the system says that nothing arrives there.
   */
  constructor({ address, family, port, local }, { onAnswer, onProblem }) {
    this.onAnswer = onAnswer
    this.onProblem = onProblem
    this.sent = new Map()
    this.closed = false
    this.local = local
    this.socket = socketOf(family)
    this.connected = this.connect(port, address)
    this.connected.catch(() => {}) // `send` tells of it
  }

  async connect(port, address) {
    const { socket, local } = this
    if (local !== null) await local.bind(socket)
    if (this.closed) return
    socket.on('error', (error) => this.onError(error))
    socket.on('message', (bytes) => this.onMessage(bytes))
    await new Promise((resolve, reject) => {
      socket.connect(port, address, (error) => (error ? reject(error) : resolve()))
    })
  }

  onError(error) {
    if (!this.closed) this.onProblem(networkError(error))
  }

  onMessage(bytes) {
    const now = performance.now()
    if (bytes.length < 8) return
    const transactionId = bytes.readUInt32BE(4)
    const sent = this.sent.get(transactionId)
    if (sent === undefined) return
    this.sent.delete(transactionId)
    this.onAnswer(now - sent.at, problemOf(bytes), sent.tag)
  }

  /** Sends a connect, of which `tag` comes back with its answer. */
  async send(tag) {
    try {
      await this.connected
      if (this.local !== null && !this.closed) await this.local.check()
    } catch (error) {
      return this.onError(error)
    }
    if (this.closed) return
    let transactionId
    do transactionId = randomInt(2 ** 32)
    while (this.sent.has(transactionId))
    const bytes = Buffer.alloc(LENGTH)
    bytes.writeBigUInt64BE(PROTOCOL_ID, 0)
    bytes.writeUInt32BE(CONNECT, 8)
    bytes.writeUInt32BE(transactionId, 12)
    this.sent.set(transactionId, { at: performance.now(), tag })
    this.socket.send(bytes, (error) => error && this.onError(error))
  }

  /** No answer to the connect with this tag is of interest any more. */
  forget(tag) {
    for (const [transactionId, sent] of this.sent) {
      if (sent.tag === tag) this.sent.delete(transactionId)
    }
  }

  close() {
    if (this.closed) return
    this.closed = true
    this.socket.close()
  }
}

// What is wrong with an answer, or `null`.
function problemOf(bytes) {
  const action = bytes.readUInt32BE(0)
  if (action === CONNECT && bytes.length >= LENGTH) return null
  if (action === ERROR) {
    return new TrackerError(bytes.toString('utf8', 8).replace(/\0+$/, ''), 'TRACKER_ERROR')
  }
  return action === CONNECT
    ? new TrackerError('connect response is not 16 bytes long', 'BAD_RESPONSE')
    : new TrackerError(`unsupported event:${action}`, 'BAD_RESPONSE')
}

// RFC 8085, 3.1.1: a second while there is no round trip, and twice as long each time.
const FIRST_RESEND_MS = 1000
// One report that a datagram did not arrive may be of something else; two in a row mean the port is closed.
const PROBLEMS = 2

/**
 * Connects to the first of the addresses that answers, all asked at once, from `local` unless that is `null`: `{found, ms,
 * error}`, `error` being the error that it answered with, or `null`. Rejects with a TrackerError when none does within
 * `timeout` milliseconds.
 */
function connectToFirst(addresses, port, { timeout, local, retransmit }) {
  return new Promise((resolve, reject) => {
    const problems = addresses.map(() => 0)
    let lastProblem = null
    let resend
    const end = (settle, value) => {
      clearTimeout(limit)
      clearTimeout(resend)
      for (const socket of sockets) socket.close()
      settle(value)
    }
    const sockets = addresses.map((found, index) => {
      return new ConnectSocket(
        { ...found, port, local },
        {
          onAnswer: (ms, error) => end(resolve, { found, ms, error }),
          onProblem: (error) => {
            lastProblem = error
            problems[index]++
            if (problems.every((count) => count >= (retransmit ? PROBLEMS : 1))) end(reject, error)
          }
        }
      )
    })
    const send = (wait) => {
      for (const socket of sockets) socket.send()
      if (retransmit) resend = setTimeout(() => send(2 * wait), wait)
    }
    const limit = setTimeout(() => {
      end(reject, lastProblem ?? new TrackerError('tracker is not responding', 'TIMEOUT'))
    }, timeout)
    send(FIRST_RESEND_MS)
  })
}

module.exports = { ConnectSocket, connectToFirst }
