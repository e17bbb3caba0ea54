// What a failed step is called in a table, in the same words in every command, by the code of its error. The texts of errors
// are not made here, and nothing is read out of them.
'use strict'

const NO_SUCH_HOST = new Set(['ENOTFOUND', 'ENODATA'])

// What the system says of a datagram.
const NETWORK = {
  ECONNREFUSED: 'port closed',
  ENETUNREACH: 'network unreachable',
  ENETDOWN: 'network unreachable',
  EAFNOSUPPORT: 'network unreachable',
  EHOSTUNREACH: 'host unreachable',
  EACCES: 'not permitted',
  EPERM: 'not permitted'
}

/** Whether the tracker has answered, if only with an error. */
const isAnswer = ({ code }) => code === 'TRACKER_ERROR' || code === 'BAD_RESPONSE'

/** Whether a host has no address of the family that was asked for, although it is there. */
const isFamilyMissing = ({ code, cause }) => code === 'DNS' && cause?.code === undefined

/**
 * `no such host`, `port closed`, or the tracker's own words. `timeout` is what a missing answer was waited for, in
 * milliseconds, `family` what was asked for.
 */
function reasonOf(error, { timeout, family } = {}) {
  switch (error.code) {
    case 'TIMEOUT':
      if (error.phase === 'lookup') return 'no answer from the name server'
      return timeout === undefined ? 'no answer' : `no answer within ${timeout / 1000} s`
    case 'DNS':
      if (isFamilyMissing(error)) return family ? `no IPv${family} address` : 'no address'
      return NO_SUCH_HOST.has(error.cause.code) ? 'no such host' : 'no answer from the name server'
    case 'NETWORK':
      // Without an address it is about the way out, which its text names.
      return (error.address && NETWORK[error.cause?.code]) || error.message
    default:
      return error.message === '' ? 'an error without a message' : error.message
  }
}

/** An error as JSON has it. */
function errorFields({ code, message }) {
  return { code, message }
}

module.exports = { reasonOf, isAnswer, isFamilyMissing, errorFields }
