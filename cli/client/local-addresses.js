// `--local-address` for the sockets of `check` and `ping`, which are not the engine's: bound to it before anything is sent.
'use strict'

const dgram = require('node:dgram')
const net = require('node:net')
const { TrackerError } = require('../..')

/** Binds a socket to an address and a port of the system's choice; rejects with a TrackerError. */
function bind(socket, address) {
  return new Promise((resolve, reject) => {
    const onError = ({ code, message }) => {
      const reason = code === 'EADDRNOTAVAIL' ? 'this machine does not have it' : code || message
      const text = `local address ${address} cannot be used: ${reason}`
      reject(new TrackerError(text, 'NETWORK', { address }))
    }
    socket.once('error', onError)
    socket.bind({ address, port: 0, exclusive: true }, () => {
      socket.off('error', onError)
      resolve()
    })
  })
}

const socketOf = (family) => dgram.createSocket({ type: family === 6 ? 'udp6' : 'udp4' })

/** One of them. */
class LocalAddress {
  constructor(address) {
    this.address = address
    this.family = net.isIP(address)
    this.asked = null
  }

  bind(socket) {
    return bind(socket, this.address)
  }

  /**
   * Rejects with a TrackerError unless it is this machine's at this moment: Linux goes on sending from an IPv6 address
   * that has been taken away, and only a new socket tells. Those who ask at once share the answer.
   */
  check() {
    this.asked ??= this.ask().finally(() => (this.asked = null))
    return this.asked
  }

  async ask() {
    const socket = socketOf(this.family)
    try {
      await this.bind(socket)
    } finally {
      socket.close()
    }
  }
}

/** At most one a family. */
class LocalAddresses {
  constructor(addresses) {
    this.all = addresses.map((address) => new LocalAddress(address))
  }

  /** The one to send from to addresses of a family, `null` without any: the system chooses. Families without are not asked. */
  of(family) {
    if (this.all.length === 0) return null
    const local = this.all.find((one) => one.family === family)
    if (local !== undefined) return local
    throw new TrackerError(`there is no local IPv${family} address`, 'NETWORK')
  }

  /** Rejects with a TrackerError unless all are this machine's. */
  async check() {
    for (const local of this.all) await local.check()
  }
}

module.exports = { LocalAddresses, socketOf }
