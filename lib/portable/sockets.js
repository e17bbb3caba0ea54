// The sockets of a session, one for each path, local port and family. What they tell is told by a
// Listener (weakly.js), and nothing here reaches a `require`: a socket would keep a module that nobody refers to any more.
'use strict'

const dgram = require('node:dgram')
const { inContextOf, nobody } = require('../engine/context.js')

// What is asked for as receive buffer. Systems cut it down to what an ordinary user may have.
const WANTED_BUFFER = 8 << 20

// There is nothing to look up: addresses come as they are.
const literally = (address, family, callback) => callback(null, address, family)

/** A socket, bound to a port of the system's choice. What is sent before it is bound waits. */
class Socket {
  /**
   * @param owner Told what comes: `received(socket, datagram, from)`, `unreceived()`, `opened(socket, receiveBuffer)`,
   *   `failed(socket, error, waiting)`.
   */
  constructor(owner, path, port, family) {
    Object.assign(this, { owner, path, port, family, isOpen: false, isClosed: false, waiting: [] })
    this.error = null
    this.udp = dgram.createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      ipv6Only: family === 6,
      lookup: literally
    })
    this.udp.unref()
    this.udp.on('message', (datagram, from) => owner.received(this, datagram, from))
    this.udp.on('listening', () => this.opened())
    this.udp.on('error', (error) => this.failed(error))
  }

  /** Apart from making it: what comes of it may come at once. */
  bind() {
    // Not one that the primary of a cluster shares with other workers.
    this.udp.bind({ port: 0, exclusive: true })
  }

  opened() {
    this.isOpen = true
    this.owner.opened(this, receiveBufferOf(this.udp))
    const { waiting } = this
    this.waiting = []
    for (const [datagram, onSent] of waiting) this.send(datagram, onSent)
  }

  failed(error) {
    // What an ICMP message made of an earlier send; retransmission is the answer to that.
    if (this.isOpen) return this.owner.unreceived()
    this.error = error
    this.close()
    this.owner.failed(this, error)
    const { waiting } = this
    this.waiting = []
    for (const [, onSent] of waiting) onSent(error)
  }

  /** Sends a datagram; calls `onSent(error)`, whose error is `null` if it has left. */
  send(datagram, onSent) {
    // Where no descriptor is left, binding fails before anything waits.
    if (this.error !== null) return onSent(this.error)
    if (!this.isOpen) return void this.waiting.push([datagram, onSent])
    try {
      this.udp.send(datagram.bytes, datagram.toPort, datagram.address, onSent)
    } catch (error) {
      onSent(error)
    }
  }

  close() {
    if (this.isClosed) return
    this.isClosed = true
    this.udp.close()
  }
}

function receiveBufferOf(udp) {
  try {
    udp.setRecvBufferSize(WANTED_BUFFER)
  } catch {
    // Refused where it is more than the system allows at all, instead of cut down: the default has to do then.
  }
  try {
    return udp.getRecvBufferSize()
  } catch {
    return null
  }
}

/** The sockets that are open. */
class Sockets {
  constructor(owner) {
    this.owner = owner
    this.all = new Map()
    this.latest = null
  }

  /** The socket of a datagram, opened if there is none. Throws what the system says if there can be none. */
  of({ path, port, family }) {
    const { latest } = this
    if (
      latest !== null &&
      latest.path === path &&
      latest.port === port &&
      latest.family === family
    ) {
      return latest
    }
    const key = keyOf(path, port, family)
    let socket = this.all.get(key)
    if (socket === undefined) {
      socket = inContextOf(nobody, open, this.owner, path, port, family)
      this.all.set(key, socket)
      socket.bind()
    }
    // It may have failed by now.
    if (!socket.isClosed) this.latest = socket
    return socket
  }

  /** Whether a path has another socket of the family than that of this port. */
  hasOther({ path, port, family }) {
    const all = [...this.all.values()]
    return all.some(
      (other) => other.path === path && other.family === family && other.port !== port
    )
  }

  /** Closes a socket and forgets it. */
  close(socket) {
    this.all.delete(keyOf(socket.path, socket.port, socket.family))
    if (this.latest === socket) this.latest = null
    socket.close()
  }

  /** Closes those of which `isWanted(path, port)` says that nobody waits for anything. */
  tidy(isWanted) {
    if (this.all.size < 2) return
    for (const socket of this.all.values()) {
      if (!isWanted(socket.path, socket.port)) this.close(socket)
    }
  }

  closeAll() {
    for (const socket of this.all.values()) this.close(socket)
  }
}

const open = (...details) => new Socket(...details)

const keyOf = (path, port, family) => (path * 2 ** 20 + port) * 8 + family

module.exports = { Sockets }
