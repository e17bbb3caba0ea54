// One announce over IPv4 and over IPv6. Where only one of them works it is as quiet as that one alone, and as quick: a family
// that this machine or the tracker does not have fails at once.
'use strict'

const { clearTimeout, setTimeout } = require('../engine/event-loop.js')
const Failure = require('../engine/failure.js')

// How long the other family has once one has answered, in milliseconds.
const GRACE = 15_000

// Of two failures the one that got further is told.
const PROGRESS = ['BAD_URL', 'DNS', 'NETWORK', 'TIMEOUT', 'BAD_RESPONSE', 'TRACKER_ERROR']

/**
 * Two announces as one, to be made, started and cancelled like one. Of each that is answered `to.announced(request, …)` hears;
 * then `to.ended(this)` of the end of both, or, if neither is answered, `to.failed(this, failure)`.
 */
class BothFamilies {
  /**
   * @param owner Whose it is, for `to`.
   * @param requestsOf Makes the two Announces, given this as who hears of their end.
   */
  constructor(to, owner, requestsOf) {
    this.to = to
    this.owner = owner
    this.requests = requestsOf(this)
    this.inFlight = new Set(this.requests)
    this.failures = new Map()
    this.interval = -1
    this.grace = null
  }

  start() {
    try {
      for (const request of this.requests) request.start()
    } catch (error) {
      this.cancel()
      throw error
    }
  }

  cancel() {
    clearTimeout(this.grace)
    for (const request of this.inFlight) request.cancel()
    this.inFlight.clear()
  }

  get isOver() {
    return this.inFlight.size === 0
  }

  /** Whether this interval is the first, or longer than that of the other family. */
  isLongest(interval) {
    if (interval <= this.interval) return false
    this.interval = interval
    return true
  }

  announced(request, answer) {
    this.inFlight.delete(request)
    if (!this.isOver) this.limit()
    this.to.announced(request, answer)
    if (this.isOver) this.end()
  }

  failed(request, failure) {
    this.inFlight.delete(request)
    this.failures.set(request.options.family, failure)
    if (!this.isOver) return
    if (this.failures.size === 1) this.end()
    else this.to.failed(this, oneOf(this.failures))
  }

  // The one that is left is not waited for as long as an announce may take.
  limit() {
    this.grace = setTimeout(() => {
      this.cancel()
      this.end()
    }, GRACE)
    if (this.grace.unref) this.grace.unref()
  }

  end() {
    clearTimeout(this.grace)
    this.to.ended(this)
  }
}

function oneOf(failures) {
  const [v4, v6] = [failures.get(4), failures.get(6)]
  if (v4.message === v6.message) return v4
  const further = PROGRESS.indexOf(v4.code) - PROGRESS.indexOf(v6.code)
  if (further !== 0) return further > 0 ? v4 : v6
  return new Failure(`IPv4: ${v4.message}; IPv6: ${v6.message}`, v4.code)
}

module.exports = BothFamilies
