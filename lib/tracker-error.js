'use strict'

/**
 * Why a promise of `announce` or `scrape` was rejected. `code` is TRACKER_ERROR (the message is the tracker's own),
 * TIMEOUT, BAD_RESPONSE, DNS, BAD_URL or NETWORK.
 */
class TrackerError extends Error {
  constructor(message, code) {
    super(message)
    this.code = code
  }
}

Object.defineProperty(TrackerError.prototype, 'name', {
  value: 'TrackerError',
  writable: true,
  configurable: true
})

module.exports = TrackerError
