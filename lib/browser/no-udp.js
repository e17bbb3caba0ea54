// What the entry points for browsers are made of. They are there so that an application for both builds.
'use strict'

const SENTENCE =
  'bittorrent-udp-tracker: a browser has no UDP, use a WebSocket tracker (wss:) there'

/** Throws an error with the code ERR_NO_UDP. */
function noUdp() {
  throw Object.assign(new Error(SENTENCE), { code: 'ERR_NO_UDP' })
}

/** A class of that name which cannot be constructed. */
function classOf(name) {
  class NoUdp {
    constructor() {
      noUdp()
    }
  }
  return Object.defineProperty(NoUdp, 'name', { value: name })
}

/**
 * The module `file` if this is Node.js, as in a test suite with a simulated page (jsdom), which is given the entry points for
 * browsers; `null` in a browser. Bundlers do not follow it.
 */
function inNode(module, file) {
  const isNode = typeof process === 'object' && process !== null && process.versions?.node
  const require = isNode && Reflect.get(module, 'require')
  return typeof require === 'function' ? require.call(module, file) : null
}

module.exports = { classOf, inNode, noUdp }
