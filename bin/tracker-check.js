'use strict'

// Whether one tracker works, step by step, with what each step takes.
//
// What can be measured from outside of a request: the first announce takes two round trips, for the connection ID and for
// itself; a scrape and a second announce, which uses the same connection ID, take one. The difference of the two
// announces is what connecting took. Look-ups are made here, and the requests go to the address that was found, so that no
// look-up is in their times.

const net = require('node:net')
const os = require('node:os')
const { randomBytes } = require('node:crypto')
const UdpTracker = require('..')
const { DEFAULT_PORT, randomPeerId } = require('./peer.js')

const { TrackerError } = UdpTracker

const ANSWERED = ['TRACKER_ERROR', 'BAD_RESPONSE']
const EITHER = 'connect or announce'

// Host, port, and what follows them exactly as it is written; `null` where the package itself has to say what is wrong.
function partsOf(url) {
  const [, authority, rest] = /^udp:\/\/([^/?#]*)([^#]*)/i.exec(url)
  try {
    const { hostname, port } = new URL(`http://${authority.split('@').pop()}/`)
    const host = hostname.replace(/^\[|\]$/g, '')
    return { host, port: port === '' ? 80 : Number(port), rest }
  } catch {
    return null
  }
}

function urlOf({ address, family }, { port, rest }) {
  return `udp://${family === 6 ? `[${address}]` : address}:${port}${rest}`
}

// Whether this machine can be expected to reach an address of this family: that is not the tracker's fault.
function machineReaches({ address, family }) {
  if (/^127\.|^::1$/.test(address)) return true
  return Object.values(os.networkInterfaces())
    .flat()
    .some((own) => {
      const isFamily = own.family === `IPv${family}` || own.family === family
      return isFamily && !own.internal && !/^fe80:/i.test(own.address)
    })
}

async function timed(start) {
  const began = performance.now()
  try {
    await start()
    return { ms: milliseconds(performance.now() - began), err: null }
  } catch (err) {
    return { ms: null, err }
  }
}

const milliseconds = (number) => Math.round(number * 1000) / 1000

function result(url, fields) {
  return {
    url,
    family: null,
    address: null,
    status: 'failed',
    lookupMs: null,
    connectMs: null,
    firstAnnounceMs: null,
    announceMs: null,
    scrapeMs: null,
    ...fields
  }
}

function errorOf(step, err) {
  return { error: { step, code: err.code, message: err.message } }
}

/** Checks trackers with one torrent and one peer ID for all, and knows which addresses are connected. */
class Checker {
  constructor({ family, timeout, infoHash, lookUps }) {
    this.family = family
    this.timeout = timeout
    this.infoHash = infoHash || randomBytes(20)
    this.lookUps = lookUps
    this.peerId = randomPeerId()
    this.connected = new Set()
  }

  /** What the first request of a process costs on top is not the first tracker's. */
  async warmUp() {
    await UdpTracker.scrape('udp://', [this.infoHash]).catch(() => {})
  }

  /** A result for each family that the tracker has an address of; one in all cases. */
  async check(url, scheme) {
    if (scheme !== 'udp') {
      return [result(url, { status: 'skipped', reason: `not UDP (${scheme})` })]
    }
    const parts = partsOf(url)
    if (parts === null) return [await this.unusable(url)]
    const lookup = await this.lookUp(parts.host)
    if (lookup.err !== null) return [result(url, errorOf('look-up', lookup.err))]

    const families = this.family === 0 ? [4, 6] : [this.family]
    const addresses = families
      .map((family) => lookup.addresses.find((address) => address.family === family))
      .filter((address) => address !== undefined)
    if (addresses.length === 0) {
      const text = `tracker host ${parts.host} has no IPv${this.family || '4 or IPv6'} address`
      return [result(url, errorOf('look-up', new TrackerError(text, 'DNS')))]
    }
    return Promise.all(
      addresses.map((address) => this.checkAddress(url, parts, address, lookup.ms))
    )
  }

  async unusable(url) {
    try {
      await UdpTracker.scrape(url, [this.infoHash], { timeout: this.timeout })
      throw new TrackerError('announce URL is not valid', 'BAD_URL')
    } catch (err) {
      if (!(err instanceof TrackerError)) throw err
      return result(url, errorOf('URL', err))
    }
  }

  async lookUp(host) {
    const family = net.isIP(host)
    if (family !== 0) return { addresses: [{ address: host, family }], ms: null, err: null }
    try {
      const { addresses, ms } = await this.lookUps.lookUp(host)
      return { addresses, ms: milliseconds(ms), err: null }
    } catch (err) {
      return { addresses: [], ms: null, err }
    }
  }

  async checkAddress(url, parts, found, lookupMs) {
    const { family, address } = found
    const about = { family, address, lookupMs }
    if (!machineReaches(found)) {
      const reason = `this machine has no IPv${family} address`
      return result(url, { ...about, status: 'skipped', reason })
    }
    // Another URL of the same tracker may have connected already, and its connection ID is used again.
    const place = `${address} ${parts.port}`
    const isNew = !this.connected.has(place)
    this.connected.add(place)

    const target = urlOf(found, parts)
    const { timeout, infoHash } = this
    const announce = (event) => () =>
      UdpTracker.announce(target, {
        infoHash,
        peerId: this.peerId,
        port: DEFAULT_PORT,
        event,
        left: 1,
        numWant: 1,
        timeout
      })
    const first = await timed(announce('started'))
    // What answers, if only with an error, may scrape all the same: then it was not the connect that failed.
    const answers = first.err === null || ANSWERED.includes(first.err.code)
    if (!answers) return result(url, { ...about, ...errorOf(EITHER, first.err) })

    const scrape = await timed(() => UdpTracker.scrape(target, [infoHash], { timeout }))
    // The tracker need not keep a peer that is none.
    const second = first.err === null ? await timed(announce('stopped')) : first
    const failed = [
      [first.err !== null && scrape.err !== null ? EITHER : 'announce', first.err || second.err],
      ['scrape', scrape.err]
    ].find(([, err]) => err !== null)
    const firstMs = isNew ? first.ms : null
    return result(url, {
      ...about,
      status: failed === undefined ? 'works' : 'failed',
      connectMs: difference(firstMs, second.ms),
      firstAnnounceMs: firstMs,
      announceMs: second.ms,
      scrapeMs: scrape.ms,
      ...(failed === undefined ? {} : errorOf(...failed))
    })
  }
}

// Nothing, where the second announce took longer than connecting and the first together: it was sent twice, or waited.
function difference(first, second) {
  return first === null || second === null || second > first ? null : milliseconds(first - second)
}

module.exports = Checker
