// Whether one tracker works, step by step, with what each step takes: a connect by itself, then an announce and a scrape at
// the address that answered it.
//
// Round trips of announce and scrape are those of the datagrams, which the package tells on its channels: from the last
// send to the answer, with no waiting for anything else in them.
'use strict'

const diagnosticsChannel = require('node:diagnostics_channel')
const os = require('node:os')
const { randomBytes } = require('node:crypto')
const UdpTracker = require('../../index.js')
const { familiesOf } = require('../input/families.js')
const { DEFAULT_PORT, randomPeerId } = require('../input/peer.js')
const { reasonOf, isAnswer, isFamilyMissing } = require('../output/failures.js')
const { milliseconds } = require('../output/formats.js')
const { addressOf } = require('../output/names.js')
const { askFor } = require('./ask-record.js')
const { failure, result, skipped } = require('./result.js')
const { WORKS, REFUSES, NO_SCRAPE, FAILED } = require('./statuses.js')

const { TrackerError } = UdpTracker

// How long the end waits for answers to "stopped", which mean nothing to anybody.
const GOODBYE_MS = 2000

// What an answer of opentracker reads like that has a list of torrents, and not this one on it: 8 bytes of action 1.
const NOT_SERVED = 'ANNOUNCE_LENGTH'

/** `[result, error]` of a promise, one of them `null`. */
async function outcome(promise) {
  try {
    return [await promise, null]
  } catch (error) {
    if (!(error instanceof TrackerError)) throw error
    return [null, error]
  }
}

// Whether this machine can be expected to reach other machines over this family: if not, that is not the tracker's fault.
function machineHas(family) {
  return Object.values(os.networkInterfaces())
    .flat()
    .some((own) => {
      const isFamily = own.family === `IPv${family}` || own.family === family
      return isFamily && !own.internal && !/^fe80:/i.test(own.address)
    })
}

const isLoopback = (address) => /^127\.|^::1$/.test(address)

// A zone's percent sign is written so in URLs (RFC 6874).
const urlOf = (place, requestString) => `udp://${place.replace('%', '%25')}${requestString}`

/** Checks trackers with one torrent and one peer ID for all. */
class Checker {
  constructor({ family, timeout, infoHash, transport, signal }) {
    Object.assign(this, { family, timeout, transport, signal })
    this.infoHash = infoHash
    this.randomHash = randomBytes(20)
    this.peerId = randomPeerId()
    // Where the peer may be known, and where it says that it goes.
    this.present = new Map()
    this.goodbyes = new Set()
    // Until when each tracker that is being checked can take.
    this.running = new Map()
    // Of the latest answers, by kind and URL.
    this.roundTrips = new Map()
    diagnosticsChannel.subscribe('bittorrent-udp-tracker:answer', ({ request, roundTrip, url }) => {
      if (url !== null) this.roundTrips.set(`${request} ${url}`, milliseconds(roundTrip))
    })
  }

  /** Says to the trackers that it has not been said to that the peer goes, and waits a little for them. */
  async end() {
    for (const [target, infoHash] of this.present) this.sayGoodbye(target, infoHash)
    await Promise.all(this.goodbyes)
  }

  /** A result for each family that the tracker has an address of; one in all cases. */
  async check(tracker) {
    const { url, scheme, problem } = tracker
    if (scheme !== 'udp') return [skipped(url, `not UDP (${scheme})`)]
    if (problem !== null) return [result(url, unusable(problem))]
    const families = familiesOf(tracker, this.family, this.transport)
    const record = askFor(tracker, this.transport)
    try {
      const all = await Promise.all(families.map((family) => this.checkFamily(tracker, family)))
      const found = all.filter(({ isMissing }) => !isMissing)
      const rows = found.length > 0 ? found : [absent(all, this.family)]
      const said = await record()
      return rows.map(({ row }) => (said === null ? row : { ...row, bep34: said }))
    } finally {
      this.running.delete(tracker)
    }
  }

  // One step of a tracker, which takes `timeout` at most.
  step(tracker) {
    this.running.set(tracker, performance.now() + this.timeout)
    const { timeout, transport, signal } = this
    return { timeout, transport, signal }
  }

  // `{row, isMissing}`: a host without this family is no result, unless it has none at all.
  async checkFamily(tracker, family) {
    const { url, parts } = tracker
    const way = { ...this.step(tracker), family, retransmit: true }
    const [connected, silent] = await outcome(UdpTracker.ping(url, way))
    if (silent !== null) return this.unconnected(url, silent, family)
    const { address: place, lookup, roundTrip } = connected
    const address = addressOf(place)
    const about = {
      family: connected.family,
      address,
      lookupMs: milliseconds(lookup),
      connectMs: milliseconds(roundTrip)
    }
    const target = urlOf(place, parts.requestString)
    return { row: result(url, { ...about, ...(await this.request(tracker, target)) }) }
  }

  unconnected(url, error, family) {
    const isLookUp = error.code === 'DNS' || (error.code === 'TIMEOUT' && error.phase === 'lookup')
    if (isLookUp) {
      const reason = reasonOf(error, { family: this.family })
      return { row: result(url, failure('look-up', error, reason)), isMissing: true, error }
    }
    const about = {
      family: family || null,
      address: error.address === undefined ? null : addressOf(error.address)
    }
    const isOutside = about.address !== null && !isLoopback(about.address)
    if (isOutside && !isAnswer(error) && !this.transport?.proxy && !machineHas(family)) {
      return { row: skipped(url, `this machine has no IPv${family} address`, about) }
    }
    const status = isAnswer(error) ? REFUSES : FAILED
    const connectMs = null
    return {
      row: result(url, {
        ...about,
        connectMs,
        ...failure('connect', error, reasonOf(error), status)
      })
    }
  }

  async request(tracker, target) {
    const infoHash = this.infoHash ?? tracker.infoHash ?? this.randomHash
    this.present.set(target, infoHash)
    const [answer, refused] = await outcome(
      this.announce(target, infoHash, 'started', this.step(tracker))
    )
    if (refused !== null && isAnswer(refused)) this.present.delete(target)
    // What answers, if only with an error, may scrape all the same.
    if (refused !== null && !isAnswer(refused)) {
      return failure('announce', refused, `announce: ${reasonOf(refused)}`)
    }
    const announceMs = this.roundTrip('announce', target)
    const [, failed] = await outcome(UdpTracker.scrape(target, [infoHash], this.step(tracker)))
    if (refused === null) this.sayGoodbye(target, infoHash)
    const times = { announceMs, scrapeMs: this.roundTrip('scrape', target) }
    if (refused !== null) {
      const isRandom = infoHash === this.randomHash
      return { ...times, ...failure('announce', refused, refusal(refused, isRandom), REFUSES) }
    }
    const { interval } = answer
    if (failed === null) return { ...times, status: WORKS, interval }
    const words = isAnswer(failed) ? reasonOf(failed) : null
    return { ...times, ...failure('scrape', failed, words, NO_SCRAPE), interval }
  }

  announce(target, infoHash, event, way) {
    const peer = { infoHash, peerId: this.peerId, port: DEFAULT_PORT, left: 1, numWant: 1 }
    return UdpTracker.announce(target, { ...peer, event, ...way })
  }

  // The tracker need not keep a peer that does not exist.
  sayGoodbye(target, infoHash) {
    this.present.delete(target)
    const way = { timeout: Math.min(this.timeout, GOODBYE_MS), transport: this.transport }
    const goodbye = outcome(this.announce(target, infoHash, 'stopped', way))
    const ended = goodbye.finally(() => this.goodbyes.delete(ended))
    this.goodbyes.add(ended)
  }

  roundTrip(request, target) {
    return this.roundTrips.get(`${request} ${target}`) ?? null
  }

  /** For how many milliseconds what is under way can still take, each at its present step. */
  limit() {
    return Math.max(0, ...this.running.values()) - performance.now()
  }
}

// The engine's words for a URL end with the URL, which stands beside them here.
function unusable(problem) {
  const reason = problem.replace(/^announce /, '').replace(/: .*$/s, '')
  return failure('URL', new TrackerError(problem, 'BAD_URL'), reason)
}

// What stands for a host of which no family is there: what went wrong, rather than what is missing.
function absent(all, family) {
  const [{ row, error }] = [...all].sort(
    (a, b) => isFamilyMissing(a.error) - isFamilyMissing(b.error)
  )
  if (!isFamilyMissing(error)) return { row }
  return {
    row: { ...row, reason: family === 0 && all.length > 1 ? 'no IPv4 or IPv6 address' : row.reason }
  }
}

function refusal(error, isRandom) {
  if (error.cause?.code !== NOT_SERVED) return reasonOf(error)
  return `does not serve this torrent${isRandom ? ', try --info-hash' : ''}`
}

module.exports = Checker
