// Whether one tracker works, step by step, with what each step takes: a look-up and a connect of its own, then an
// announce and a scrape by the package, at the address that answered the connect.
//
// Round trips of announce and scrape are those of the datagrams, which the package tells on its channels: from the last
// send to the answer, with no waiting for anything else in them.
'use strict'

const diagnosticsChannel = require('node:diagnostics_channel')
const { randomBytes } = require('node:crypto')
const UdpTracker = require('../..')
const { connectToFirst } = require('../client/connect.js')
const { reasonOf } = require('../output/failures.js')
const { familiesOf, hostAndPort } = require('../client/hosts.js')
const { DEFAULT_PORT, randomPeerId } = require('../input/peer.js')
const { WORKS, REFUSES, NO_SCRAPE, FAILED, SKIPPED } = require('./statuses.js')

const { TrackerError } = UdpTracker

// How long the end waits for answers to "stopped", which mean nothing to anybody.
const GOODBYE_MS = 2000

// What an answer of opentracker reads like that has a list of torrents, and not this one on it: 8 bytes of action 1.
const NOT_SERVED = 'announce response should be 20 bytes'

/** `[result, error]` of a promise, one of them `null`. */
async function outcome(promise) {
  try {
    return [await promise, null]
  } catch (error) {
    if (!(error instanceof TrackerError)) throw error
    return [null, error]
  }
}

const isAnswer = (error) => error.code === 'TRACKER_ERROR' || error.code === 'BAD_RESPONSE'
const milliseconds = (number) => Math.round(number * 1000) / 1000

function result(url, fields) {
  return {
    url,
    family: null,
    address: null,
    status: FAILED,
    reason: null,
    lookupMs: null,
    connectMs: null,
    announceMs: null,
    scrapeMs: null,
    interval: null,
    ...fields
  }
}

// A step that failed, with `status`; `reason` is what people read.
function failure(step, error, status = FAILED, reason = reasonOf(error)) {
  return { status, reason, error: { step, code: error.code, message: error.message } }
}

// The engine's words for a URL end with the URL, which stands beside them here.
function unusable(problem) {
  const reason = problem.replace(/^announce /, '').replace(/: .*$/s, '')
  return failure('URL', new TrackerError(problem, 'BAD_URL'), FAILED, reason)
}

/** Checks trackers with one torrent and one peer ID for all. */
class Checker {
  constructor({ family, timeout, infoHash, lookUps, local, transport }) {
    this.family = family
    this.timeout = timeout
    this.isOwnTorrent = infoHash === null
    this.infoHash = infoHash || randomBytes(20)
    this.lookUps = lookUps
    // Where everything leaves from, for our own sockets and for the package's.
    this.local = local
    this.transport = transport
    this.peerId = randomPeerId()
    // Where the peer may be known, and where it says that it goes.
    this.present = new Set()
    this.goodbyes = new Set()
    // Of the latest answers, by kind and URL.
    this.roundTrips = new Map()
    diagnosticsChannel.subscribe('bittorrent-udp-tracker:answer', ({ request, roundTrip, url }) => {
      if (url !== null) this.roundTrips.set(`${request} ${url}`, milliseconds(roundTrip))
    })
  }

  /** What the first request of a process costs on top is not the first tracker's. */
  async warmUp() {
    await UdpTracker.scrape('udp://', [this.infoHash]).catch(() => {})
  }

  /** Says to the trackers that it has not been said to that the peer goes, and waits a little for them. */
  async end() {
    for (const target of this.present) this.sayGoodbye(target)
    await Promise.all(this.goodbyes)
  }

  /** A result for each family that the tracker has an address of; one in all cases. */
  async check({ url, scheme, parts, problem }) {
    if (scheme !== 'udp') {
      return [result(url, { status: SKIPPED, reason: `not UDP (${scheme})` })]
    }
    if (problem !== null) return [result(url, unusable(problem))]
    const [found, error] = await outcome(familiesOf(parts, this.family, this.lookUps))
    if (error !== null) return [result(url, this.lookUpFailure(error))]
    const lookupMs = found.ms === null ? null : milliseconds(found.ms)
    return Promise.all(
      found.families.map((family) => this.checkFamily(url, parts, family, lookupMs))
    )
  }

  lookUpFailure(error) {
    if (error.code === 'TIMEOUT') {
      return failure('look-up', error, FAILED, 'no answer from the name server')
    }
    const noAddress = / has no (IPv.*) address$/.exec(error.message)
    return failure(
      'look-up',
      error,
      FAILED,
      noAddress ? `no ${noAddress[1]} address` : reasonOf(error)
    )
  }

  async checkFamily(url, parts, { family, addresses, isReachable }, lookupMs) {
    const about = { family, address: addresses[0].address, lookupMs }
    if (!isReachable) {
      const reason = `this machine has no IPv${family} address`
      return result(url, { ...about, status: SKIPPED, reason })
    }
    const way = { timeout: this.timeout, local: this.local.of(family) }
    const [connected, silent] = await outcome(connectToFirst(addresses, parts.port, way))
    if (silent !== null) return result(url, { ...about, ...failure('connect', silent) })
    const { found, ms, error } = connected
    Object.assign(about, { address: found.address, connectMs: milliseconds(ms) })
    if (error !== null) return result(url, { ...about, ...failure('connect', error, REFUSES) })
    const target = `udp://${hostAndPort(found, parts.port)}${parts.requestString}`
    return result(url, { ...about, ...(await this.request(target)) })
  }

  async request(target) {
    const { timeout, infoHash, transport } = this
    this.present.add(target)
    const [answer, refused] = await outcome(this.announce(target, 'started', timeout))
    if (refused !== null && isAnswer(refused)) this.present.delete(target)
    // What answers, if only with an error, may scrape all the same.
    if (refused !== null && !isAnswer(refused)) {
      return failure('announce', refused, FAILED, `announce: ${reasonOf(refused)}`)
    }
    const announceMs = this.roundTrip('announce', target)
    const [, failed] = await outcome(UdpTracker.scrape(target, [infoHash], { timeout, transport }))
    if (refused === null) this.sayGoodbye(target)
    const times = { announceMs, scrapeMs: this.roundTrip('scrape', target) }
    if (refused !== null) {
      return { ...times, ...failure('announce', refused, REFUSES, this.refusal(refused)) }
    }
    const { interval } = answer
    if (failed === null) return { ...times, status: WORKS, interval }
    const words = isAnswer(failed) ? reasonOf(failed) : null
    return { ...times, ...failure('scrape', failed, NO_SCRAPE, words), interval }
  }

  announce(target, event, timeout) {
    const { infoHash, peerId, transport } = this
    const peer = { infoHash, peerId, port: DEFAULT_PORT, left: 1, numWant: 1 }
    return UdpTracker.announce(target, { ...peer, event, timeout, transport })
  }

  // The tracker need not keep a peer that is none.
  sayGoodbye(target) {
    this.present.delete(target)
    const goodbye = outcome(this.announce(target, 'stopped', Math.min(this.timeout, GOODBYE_MS)))
    const ended = goodbye.finally(() => this.goodbyes.delete(ended))
    this.goodbyes.add(ended)
  }

  refusal(error) {
    if (error.message !== NOT_SERVED) return reasonOf(error)
    return `does not serve this torrent${this.isOwnTorrent ? ', try --info-hash' : ''}`
  }

  roundTrip(request, target) {
    return this.roundTrips.get(`${request} ${target}`) ?? null
  }
}

module.exports = Checker
