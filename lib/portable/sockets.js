// The sockets of a session: one for each path, local port and family, and one for each address that is pinged, since only a
// socket that is connected is told of a closed port. What they tell is told by a
// Listener (weakly.js), and nothing here reaches a `require`: a socket would keep a module that nobody refers to any more.
'use strict'

const dgram = require('node:dgram')
const { inContextOf, nobody } = require('../engine/context.js')
const { now } = require('../engine/event-loop.js')
const { endpoint } = require('./network.js')

// What is asked for as receive buffer. Systems cut it down to what an ordinary user may have.
const WANTED_BUFFER = 8 << 20
// As many sockets are connected at a time.
const MOST_CONNECTED = 64

// There is nothing to look up: addresses come as they are.
const literally = (address, family, callback) => callback(null, address, family)

/** A socket, bound to a port of the system's choice. What is sent before it is bound waits. */
class Socket {
  /**
   * @param owner Told what comes: `received(socket, datagram, from)`, `unreceived(socket, error)`,
   *   `opened(socket, receiveBuffer)`, `failed(socket)`.
   * @param peer The only one that it is for, or `null`: its `address` as it is connected to, and an `endpoint` of network.js.
   */
  constructor(owner, path, port, family, peer) {
    Object.assign(this, { owner, path, port, family, peer, waiting: [], error: null })
    Object.assign(this, { isOpen: false, isConnected: false, isClosed: false, late: 0 })
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
    if (this.peer === null) return this.ready()
    try {
      this.udp.connect(this.peer.port, this.peer.address, (error) => this.ready(!error))
    } catch {
      // Where there is no such thing, no closed port is told.
      this.ready()
    }
  }

  ready(isConnected = false) {
    if (this.isClosed) return
    this.isOpen = true
    this.isConnected = isConnected
    this.owner.opened(this, receiveBufferOf(this.udp))
    const { waiting } = this
    this.waiting = []
    for (const [datagram, onSent] of waiting) this.send(datagram, onSent)
  }

  failed(error) {
    if (this.isOpen) return this.owner.unreceived(this, error)
    this.error = error
    this.close()
    this.owner.failed(this)
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
      if (this.isConnected) this.sendToPeer(datagram, onSent)
      else this.udp.send(datagram.bytes, datagram.toPort, datagram.address, onSent)
    } catch (error) {
      onSent(error)
    }
  }

  sendToPeer({ at, bytes }, onSent) {
    this.late = now() - at
    this.udp.send(bytes, (error) => {
      if (!error || this.isClosed) return onSent(error)
      // It is about an earlier datagram: told once, it is gone.
      this.udp.send(bytes, onSent)
      this.owner.unreceived(this, error)
    })
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
  of(datagram) {
    // There for a ping as well: it does where there is none of its own.
    const common = this.common(datagram)
    return (datagram.isPing && this.own(datagram)) || common
  }

  common({ path, port, family }) {
    const { latest } = this
    if (
      latest !== null &&
      latest.path === path &&
      latest.port === port &&
      latest.family === family
    ) {
      return latest
    }
    const key = keyOf(path, port, family, null)
    const socket = this.all.get(key) || this.open(key, path, port, family, null)
    // It may have failed by now.
    if (!socket.isClosed) this.latest = socket
    return socket
  }

  own({ path, port, family, address, toPort }) {
    const peer = { address, port: toPort }
    const key = keyOf(path, port, family, peer)
    if (this.all.has(key)) return this.all.get(key)
    const connected = [...this.all.values()].filter((socket) => socket.peer !== null)
    if (connected.length >= MOST_CONNECTED) return null
    return this.open(key, path, port, family, { address, ...endpoint(address, toPort) })
  }

  open(key, ...details) {
    const socket = inContextOf(nobody, make, this.owner, ...details)
    this.all.set(key, socket)
    socket.bind()
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
    this.all.delete(keyOf(socket.path, socket.port, socket.family, socket.peer))
    if (this.latest === socket) this.latest = null
    socket.close()
  }

  /** Closes those of which `isWanted(socket)` says that nobody waits for anything. */
  tidy(isWanted) {
    if (this.all.size < 2 && this.latest !== null) return
    for (const socket of this.all.values()) {
      if (!isWanted(socket)) this.close(socket)
    }
  }

  closeAll() {
    for (const socket of this.all.values()) this.close(socket)
  }
}

const make = (...details) => new Socket(...details)

function keyOf(path, port, family, peer) {
  const key = (path * 2 ** 20 + port) * 8 + family
  return peer === null ? key : `${key} ${peer.address} ${peer.port}`
}

module.exports = { Sockets }
