// Asks what a tracker's host says of its trackers in the DNS (BEP 34), beside its check and never in the way of it: where the
// check has been quick the answer is waited for until half a second is over, and otherwise not at all.
'use strict'

const promises = require('../../lib/api/promises.js')
const { TrackerError } = require('../../index.js')

const QUICK_MS = 500
const LONGEST_MS = 2000

/**
 * Asks for the record of a tracker's host. The function that it returns is called when the check has ended; it gives
 * a record (bep34.js), or `null` where there is none, or none came in time.
 */
function askFor({ url, parts }, transport) {
  const abort = new AbortController()
  const start = performance.now()
  const way = { transport, timeout: LONGEST_MS, signal: abort.signal }
  const asked = promises.preferences(url, way).catch((error) => {
    if (error instanceof TrackerError || abort.signal.aborted) return null
    throw error
  })
  return async () => {
    const enough = setTimeout(
      () => abort.abort(),
      Math.max(0, start + QUICK_MS - performance.now())
    )
    const ports = await asked
    clearTimeout(enough)
    return ports === null ? null : { ports, listed: ports.includes(`UDP:${parts.port}`) }
  }
}

module.exports = { askFor }
