// Look-ups by the system's resolver, for whoever has none of his own. Node.js has a few threads for it (UV_THREADPOOL_SIZE,
// four unless it says otherwise): names whose servers hang hold up others while they do.
'use strict'

const dns = require('node:dns')
const { clearTimeout, setTimeout } = require('../engine/event-loop.js')

// As in src/net/names/mod.rs.
const LONGEST_LOOK_UP_MS = 30_000

const { lookup } = dns

/** Finds the addresses of a host, of both families: in the signature of `dns.lookup`. */
function lookUp(host, options, callback) {
  const timer = setTimeout(() => {
    callback(Object.assign(new Error('no answer'), { code: 'ETIMEOUT' }))
  }, LONGEST_LOOK_UP_MS)
  timer.unref()
  lookup(host, { all: true, verbatim: true }, (error, found) => {
    clearTimeout(timer)
    callback(error, found)
  })
}

module.exports = { lookUp }
