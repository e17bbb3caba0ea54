// What promises are rejected with.
'use strict'

/**
 * Why a promise of `announce`, `scrape` or `ping` was rejected. `code` is TRACKER_ERROR (the message is the tracker's own),
 * TIMEOUT, BAD_RESPONSE, DNS, BAD_URL or NETWORK.
 */
class TrackerError extends Error {
  /** Of `details`, `url`, `address`, `phase`, `results`, `errors` and `cause` become properties, as far as they are given. */
  constructor(message, code, details = {}) {
    super(message)
    this.code = code
    for (const name of ['url', 'address', 'phase', 'results', 'errors']) {
      if (details[name] !== undefined && details[name] !== null) this[name] = details[name]
    }
    if (details.cause !== undefined) {
      Object.defineProperty(this, 'cause', {
        value: details.cause,
        writable: true,
        configurable: true
      })
    }
  }
}

Object.defineProperty(TrackerError.prototype, 'name', {
  value: 'TrackerError',
  writable: true,
  configurable: true
})

module.exports = TrackerError
