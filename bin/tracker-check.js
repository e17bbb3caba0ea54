'use strict'

// Whether one tracker works, step by step, with what each step takes.
//
// Round trips are those of the datagrams, which the package tells on its channels: from the last send to the answer, with
// no waiting for anything else in them. Look-ups are made here, and the requests go to the address that was found.

const diagnosticsChannel = require('node:diagnostics_channel')
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

function hostOf({ address, family }) {
  return family === 6 ? `[${address}]` : address
}

function urlOf(found, { port, rest }) {
  return `udp://${hostOf(found)}:${port}${rest}`
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

/** The error that a request ends with, or `null`. */
async function errorIn(promise) {
  try {
    await promise
    return null
  } catch (err) {
    return err
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
    announceMs: null,
    scrapeMs: null,
    ...fields
  }
}

function errorOf(step, err) {
  return { error: { step, code: err.code, message: err.message } }
}

/** Checks trackers with one torrent and one peer ID for all. */
class Checker {
  constructor({ family, timeout, infoHash, lookUps }) {
    this.family = family
    this.timeout = timeout
    this.infoHash = infoHash || randomBytes(20)
    this.lookUps = lookUps
    this.peerId = randomPeerId()
    // Of the latest answers: a connect by its address, as one serves all requests to it, others by URL.
    this.roundTrips = new Map()
    diagnosticsChannel.subscribe('bittorrent-udp-tracker:answer', (answer) => {
      const { request, address, roundTrip, url } = answer
      const key = request === 'connect' ? `connect ${address}` : `${request} ${url}`
      this.roundTrips.set(key, milliseconds(roundTrip))
    })
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
    const target = urlOf(found, parts)
    const { timeout, infoHash, peerId } = this
    const announce = (event) => {
      const peer = { infoHash, peerId, port: DEFAULT_PORT, left: 1, numWant: 1 }
      return errorIn(UdpTracker.announce(target, { ...peer, event, timeout }))
    }
    const roundTrip = (key) => this.roundTrips.get(key) ?? null
    const ends = (more) =>
      result(url, {
        ...about,
        connectMs: roundTrip(`connect ${hostOf(found)}:${parts.port}`),
        announceMs: roundTrip(`announce ${target}`),
        scrapeMs: roundTrip(`scrape ${target}`),
        ...more
      })

    const refused = await announce('started')
    // What answers, if only with an error, may scrape all the same: then it was not the connect that failed.
    if (refused !== null && !ANSWERED.includes(refused.code)) {
      const { connectMs } = ends()
      return ends(errorOf(connectMs === null ? 'connect' : 'announce', refused))
    }
    const failed = await errorIn(UdpTracker.scrape(target, [infoHash], { timeout }))
    // The tracker need not keep a peer that is none.
    if (refused === null) await announce('stopped')
    if (refused !== null) return ends(errorOf(failed === null ? 'announce' : EITHER, refused))
    return ends(failed === null ? { status: 'works' } : errorOf('scrape', failed))
  }
}

module.exports = Checker
