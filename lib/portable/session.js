// What the addon's Session is (binding.d.ts), on one thread. What commands have the core send leaves when they are handed over.
// Datagrams go in when they come; what all those of a turn of the event loop lead to is done at once, when their outcomes
// are taken.
'use strict'

const { inContextOf, nobody } = require('../engine/context.js')
const {
  LONGEST_TIMER,
  clearTimeout,
  nextTurn,
  now,
  setTimeout,
  wallClock
} = require('../engine/event-loop.js')
const { numberOf } = require('../engine/look-ups.js')
const { Core } = require('./core.js')
const { lookUp } = require('./names.js')
const { Watch, endpoint } = require('./network.js')
const { isWithoutRoute, judge, withoutSocket } = require('./send-errors.js')
const { Sockets } = require('./sockets.js')
const { Listener, expire } = require('./weakly.js')

// libuv reads as many datagrams of a socket in a turn of the event loop: then there may be more.
const DATAGRAMS_A_TURN = 32
// How many turns a time-out waits for what lies in the sockets: longer than any receive buffer lasts.
const MOST_TURNS = 64

// The record of a request that has taken too long, which is handed over by itself (lib/engine/commands.js).
const GIVE_UP = 6
const GIVE_UP_LENGTH = 17
const KIND = 8

const orphans = new FinalizationRegistry((sockets) => sockets.closeAll())

class Session {
  constructor(wake) {
    this.wake = wake
    this.core = null
    this.hasDied = false
    this.sockets = new Sockets(new Listener(this))
    orphans.register(this, this.sockets)
    this.keeper = null
    this.timer = null
    this.timerAt = Infinity
    this.isExpiring = false
    this.turns = 0
    this.datagrams = 0
    // Records of requests that are given up.
    this.givenUp = []
    this.isHeld = false
    this.watch = null
    // The family that something came over last, and that there was no route over.
    this.heard = 0
    this.unrouted = 0
    this.isTransmitting = false
  }

  /** Whether something is in flight: while it is, the process stays alive, and the session. */
  hold(held) {
    this.isHeld = held
    if (held && this.keeper === null) this.keeper = timer(keep, LONGEST_TIMER, this)
    if (held || this.keeper === null) return
    clearTimeout(this.keeper)
    this.keeper = null
  }

  submit(records, length) {
    if (this.core === null) this.open()
    if (length === GIVE_UP_LENGTH && records[KIND] === GIVE_UP) {
      // JavaScript may have been busy: the answer may lie in a socket.
      this.givenUp.push(Buffer.from(records.subarray(0, length)))
      return this.expireSoon()
    }
    this.do((core) => core.submit(now(), records, length))
  }

  take(buffer) {
    this.guard((core) => this.settle(core))
    if (this.hasDied) {
      this.hasDied = false
      return -1
    }
    return this.core === null ? 0 : this.core.take(buffer)
  }

  maxScrapeHashes() {
    if (this.core === null) this.open()
    return this.core.exports.max_scrape_hashes()
  }

  stats() {
    if (this.core === null) this.open()
    return this.core.stats()
  }

  open() {
    this.core = new Core(numberOf(lookUp))
    this.watch = new Watch(now())
  }

  // Calls the core, then has it say what is to be done.
  do(call) {
    this.guard((core) => {
      call(core)
      if (!this.isTransmitting && this.settle(core)) this.wake()
    })
  }

  // Calls the core. One that has trapped is not called again.
  guard(call) {
    if (this.core === null) return
    try {
      call(this.core)
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error
      this.die()
    }
  }

  die() {
    this.core = null
    this.hasDied = true
    this.sockets.closeAll()
    this.wake()
  }

  // Sends what there is to send. Returns whether there is anything to take.
  settle(core) {
    this.isTransmitting = true
    try {
      // What goes out at once has one time: only what is timed wants to have it exactly.
      let at = now()
      for (let datagram; (datagram = core.transmit(at)) !== null;) {
        this.send(datagram)
        if (datagram.isTimed) at = now()
      }
    } finally {
      this.isTransmitting = false
    }
    this.sockets.tidy((socket) => this.isWanted(core, socket))
    const hasOutcomes = core.exports.deliver() !== 0
    this.arm()
    return hasOutcomes
  }

  send(datagram) {
    let socket
    try {
      socket = this.sockets.of(datagram)
    } catch (error) {
      return this.unsent(datagram, error, false)
    }
    socket.send(datagram, (error) => {
      if (!error) this.core?.exports.sent(datagram.ticket)
      // No descriptor is left for one of its own.
      else if (socket.peer !== null && !socket.isOpen) this.send({ ...datagram, isPing: false })
      else this.unsent(datagram, error, socket.isOpen)
    })
  }

  unsent(datagram, error, hadSocket) {
    const { address, family, ticket } = datagram
    let failure
    if (!hadSocket) {
      failure = withoutSocket(error, this.sockets.hasOther(datagram))
    } else {
      failure = judge(error, address, family, this.heard === otherThan(family))
      if (isWithoutRoute(error) && !failure.isLasting) this.unrouted = family
    }
    this.do((core) => core.unsent(now(), ticket, failure))
  }

  opened({ path }, receiveBuffer) {
    if (receiveBuffer !== null)
      this.do(({ exports }) => exports.receive_buffer(path, receiveBuffer))
  }

  failed(socket) {
    this.sockets.close(socket)
  }

  received(socket, datagram, { address, port: fromPort }) {
    const { path, family } = socket
    const from = endpoint(address, fromPort)
    this.datagrams++
    this.heard = family
    const at = now()
    if (this.watch !== null) this.watch.hear(at)
    this.guard((core) => {
      core.receive(at, socket, from, datagram)
      if (this.unrouted === otherThan(family)) {
        // The network is there, and not over that family: what waits is to hear it.
        this.unrouted = 0
        core.exports.up(at, path)
      }
    })
    this.wake()
  }

  // What an ICMP message made of an earlier send.
  unreceived({ path, peer }, { code }) {
    this.do((core) => {
      // Of all others, retransmission is the answer to that.
      if (peer === null) core.exports.unreceived()
      else core.unreachable(now(), path, peer, String(code))
    })
  }

  isWanted(core, { path, port, peer }) {
    if (core.exports.has_port(path, port) === 0) return false
    return peer === null || core.isPinging(path, peer)
  }

  // Sees to it that time is noticed in time. A timer that is early costs nothing.
  arm() {
    const deadline = this.nextDeadline()
    if (this.isExpiring || deadline >= this.timerAt) return
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    this.timerAt = deadline
    const wait = deadline - now()
    if (wait <= 0) return this.expireSoon()
    this.timer = timer(expire, Math.min(Math.ceil(wait), LONGEST_TIMER), new WeakRef(this))
    this.timer.unref()
  }

  nextDeadline() {
    const deadline = this.core.exports.deadline()
    return this.isHeld ? Math.min(deadline, this.watch.nextLook()) : deadline
  }

  // JavaScript may have been busy, and what came meanwhile lies in the sockets: it is read first.
  expireSoon() {
    if (this.isExpiring) return
    this.isExpiring = true
    this.turns = 0
    this.datagrams = 0
    nextTurn(() => this.expire())
  }

  expire() {
    if (this.datagrams >= DATAGRAMS_A_TURN && ++this.turns < MOST_TURNS) {
      this.datagrams = 0
      return nextTurn(() => this.expire())
    }
    this.isExpiring = false
    this.timerAt = Infinity
    const givenUp = Buffer.concat(this.givenUp)
    this.givenUp = []
    this.do((core) => {
      const at = now()
      if (givenUp.length > 0) core.submit(at, givenUp, givenUp.length)
      if (!this.isHeld) this.watch.hear(at)
      else if (this.watch.hasMoved(at)) core.exports.moved(at)
      core.exports.timeout(at, wallClock())
    })
  }
}

// What outlives the request that is being asked for belongs to nobody.
const timer = (callback, wait, of) => inContextOf(nobody, setTimeout, callback, wait, of)

// What is in flight keeps its session.
function keep(session) {
  session.keeper = null
  session.hold(session.isHeld)
}

const otherThan = (family) => (family === 4 ? 6 : 4)

module.exports = Session
