// The machine's network as far as Node.js shows it: its addresses. Routes it does not show.
'use strict'

const os = require('node:os')

const addresses = require('../engine/addresses.js')

// How often it is looked at while there are requests, and how often while nothing comes.
const LOOKED_AT_EVERY_MS = 10_000
const WAITED_FOR_EVERY_MS = 2000
// When nothing has come for so long although there are requests.
const QUIET_MS = 1000

// The addresses that lead beyond the link.
const routable = () => addresses().filter(({ address }) => !address.startsWith('fe80:'))

const view = () =>
  routable()
    .map(({ address }) => address)
    .sort()
    .join()

/** Whether the machine has addresses of the other family and none of `family`. */
function lacks(family) {
  const families = new Set(routable().map((entry) => Number(String(entry.family).slice(-1))))
  return families.size === 1 && !families.has(family)
}

/** Whether it is the broadcast address of one of the machine's networks. */
function isBroadcast(ip) {
  return routable().some(({ address, family, netmask }) => {
    if (String(family).endsWith('6')) return false
    return (bits(address) | ~bits(netmask)) >>> 0 === bits(ip)
  })
}

const bits = (ip) => Buffer.from(ip.split('.')).readUInt32BE()

// The number of an interface, by its name.
function scopeOf(name) {
  const entries = os.networkInterfaces()[name] || []
  const found = entries.find(({ scopeid }) => scopeid > 0)
  return found === undefined ? Number(name) || 0 : found.scopeid
}

/** An address with a port, and the number of the interface that a link-local one belongs to, or 0. */
function endpoint(address, port) {
  const zone = address.indexOf('%')
  if (zone < 0) return { ip: address, port, scope: 0 }
  return { ip: address.slice(0, zone), port, scope: scopeOf(address.slice(zone + 1)) }
}

/** Looks after the network while there are requests. */
class Watch {
  constructor(now) {
    this.seen = view()
    this.lookedAt = now
    this.heardAt = now
  }

  /** Something has come, or nobody waits for anything. */
  hear(now) {
    this.heardAt = now
  }

  /** Whether the machine's addresses are others than when this was last asked. */
  hasMoved(now) {
    if (now < this.nextLook()) return false
    this.lookedAt = now
    const before = this.seen
    this.seen = view()
    return before !== this.seen
  }

  /** When to ask. */
  nextLook() {
    const isQuiet = this.lookedAt - this.heardAt >= QUIET_MS
    return this.lookedAt + (isQuiet ? WAITED_FOR_EVERY_MS : LOOKED_AT_EVERY_MS)
  }
}

module.exports = { Watch, endpoint, isBroadcast, lacks }
