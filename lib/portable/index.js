// The engine where no addon loads: the same core in WebAssembly, with the sockets of node:dgram. It has what the addon has.
'use strict'

const { compile, parseUrl } = require('./core.js')
const Session = require('./session.js')

/** Throws if there can be no session here: no WebAssembly, or a clone of the repository without the built core. */
function check() {
  compile()
}

module.exports = { Session, check, engine: 'portable', parseUrl }
