// One address that is pinged: a connect at a time, each of which comes back or is lost.
'use strict'

const { ConnectSocket } = require('../client/connect.js')
const { hostAndPort } = require('../client/hosts.js')
const RoundTrips = require('./round-trips.js')

class PingTarget {
  /**
   * `local` is the address to send from, or `null`. `onOutcome({seq, ms, error})` for each connect: milliseconds, or `null`;
   * and a TrackerError where there is one.
   */
  constructor({ tracker, found, name, timeout, local, onOutcome }) {
    this.tracker = tracker
    this.family = found.family
    this.address = found.address
    this.endpoint = hostAndPort(found, tracker.parts.port)
    this.name = name
    this.timeout = timeout
    this.onOutcome = onOutcome
    this.roundTrips = new RoundTrips()
    this.seq = 0
    // By number; those that wait, with the timers that end them.
    this.waiting = new Map()
    this.socket = new ConnectSocket(
      { ...found, port: tracker.parts.port, local },
      {
        onAnswer: (ms, error, seq) => this.end(seq, ms, error),
        // The system does not say which one it was: the oldest, unless they cross.
        onProblem: (error) => this.end(this.waiting.keys().next().value, null, error)
      }
    )
  }

  send() {
    const seq = ++this.seq
    const timer = setTimeout(() => this.end(seq, null, null), this.timeout)
    this.waiting.set(seq, timer)
    this.socket.send(seq)
  }

  end(seq, ms, error) {
    if (!this.waiting.has(seq)) return
    clearTimeout(this.waiting.get(seq))
    this.waiting.delete(seq)
    this.socket.forget(seq)
    if (ms === null) this.roundTrips.lose()
    else this.roundTrips.add(ms)
    this.onOutcome({ seq, ms, error })
  }

  /** Sends nothing more, and counts nothing that is still under way. */
  close() {
    for (const timer of this.waiting.values()) clearTimeout(timer)
    this.waiting.clear()
    this.socket.close()
  }
}

module.exports = PingTarget
