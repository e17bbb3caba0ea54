// The asynchronous context that something is told in: what each AsyncLocalStorage holds, and the domain.
'use strict'

const { AsyncResource } = require('node:async_hooks')

/** Calls `callback(...details)` in the context that `resource`, an AsyncResource, was made in. */
function inContextOf(resource, callback, ...details) {
  const { domain } = process
  // A resource from outside all domains leaves none by itself.
  if (domain) process.domain = null
  try {
    return resource.runInAsyncScope(callback, null, ...details)
  } catch (error) {
    if (process.domain) leaveUntil(domain)
    throw error
  } finally {
    if (domain) process.domain = domain
  }
}

// An emitter whose listener throws does not leave its domain.
function leaveUntil(outer) {
  for (let { domain } = process; domain && domain !== outer; { domain } = process) {
    domain.exit()
    if (process.domain === domain) return
  }
}

// A resource keeps what every AsyncLocalStorage holds where it was made, and a native one keeps it for ever: a test runner's
// own state, with all the globals of a test file. The numbers are its identity.
function contextOfNobody() {
  const { domain } = process
  if (domain) process.domain = null
  const resource = new AsyncResource('UdpTrackerEngine')
  if (domain) process.domain = domain
  for (const key of Object.getOwnPropertySymbols(resource)) {
    if (typeof resource[key] !== 'number') resource[key] = undefined
  }
  return resource
}

/** What outlives a request is made in this context, which is nobody's. */
const nobody = contextOfNobody()

module.exports = { inContextOf, nobody }
