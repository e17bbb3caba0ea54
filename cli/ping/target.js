// One family of a tracker that is pinged: a connect at a time, each of which comes back or is lost.
//
// Whether a host has addresses of a family its first connect tells: one that has none is absent, and is shown nowhere if
// the host has the other one.
'use strict'

const UdpTracker = require('../../index.js')
const { familiesOf } = require('../input/families.js')
const { isAnswer, isFamilyMissing, reasonOf } = require('../output/failures.js')
const { addressOf, shortName } = require('../output/names.js')
const RoundTrips = require('./round-trips.js')

class Target {
  /** `way` is `{timeout, transport, signal}`; `onOutcome(target, {seq, ms, error})` for each connect: milliseconds, or `null` and an error. */
  constructor(tracker, family, way, onOutcome) {
    this.tracker = tracker
    this.asked = family
    // The one that answers, where any may.
    this.family = family || null
    this.way = way
    this.onOutcome = onOutcome
    // Its address and port, as they stand in a URL.
    this.endpoint = null
    this.roundTrips = new RoundTrips(way.timeout)
    this.seq = 0
    this.waiting = 0
    this.other = null
    // 'unknown' until the first outcome, then 'present' or 'absent'.
    this.state = 'unknown'
    this.error = null
  }

  /** What it is called: with its family where the other one is there as well. */
  get name() {
    const short = shortName(this.tracker.url)
    return this.other !== null && this.other.state === 'present'
      ? `${short} v${this.family}`
      : short
  }

  get address() {
    return this.endpoint === null ? null : addressOf(this.endpoint)
  }

  get url() {
    return this.tracker.url
  }

  async send() {
    const seq = ++this.seq
    this.waiting++
    let answer = null
    let error = null
    try {
      answer = await UdpTracker.ping(this.url, { ...this.way, family: this.asked })
    } catch (reason) {
      if (this.way.signal.aborted) return
      if (!(reason instanceof UdpTracker.TrackerError)) throw reason
      error = reason
    } finally {
      this.waiting--
    }
    if (this.state === 'unknown') this.state = this.isAbsent(error) ? 'absent' : 'present'
    if (this.state === 'absent') return
    this.error = error
    this.family = answer?.family ?? this.family
    this.endpoint = answer?.address ?? error?.address ?? this.endpoint
    if (error !== null && isAnswer(error)) this.roundTrips.refuse()
    else if (answer === null) this.roundTrips.lose()
    else this.roundTrips.add(answer.roundTrip)
    this.onOutcome(this, { seq, ms: answer?.roundTrip ?? null, error })
  }

  // A host that does not resolve, or a family that there is no way to, is shown once.
  isAbsent(error) {
    if (error === null || this.other === null || this.other.state === 'absent') return false
    if (error.code === 'DNS') return true
    return (
      isFamilyMissing(error) || (error.code === 'NETWORK' && error.cause?.code === 'ENETUNREACH')
    )
  }

  /** Why the latest connect was lost, or `null`. */
  get reason() {
    if (this.error === null) return null
    const words = reasonOf(this.error, { family: this.asked })
    return isAnswer(this.error) ? `refuses: ${words}` : words
  }
}

/** A target for each family that a tracker can be asked over. */
function targetsOf(tracker, family, way, onOutcome) {
  const families = familiesOf(tracker, family, way.transport)
  const targets = families.map((one) => new Target(tracker, one, way, onOutcome))
  if (targets.length === 2) targets.forEach((target, i) => (target.other = targets[1 - i]))
  return targets
}

module.exports = { targetsOf }
