// This machine's addresses, as far as Node.js shows them.
'use strict'

const os = require('node:os')

/** Those that others can reach it by, as `os.networkInterfaces` describes each; none where the system does not let us ask. */
function addresses() {
  try {
    const all = Object.values(os.networkInterfaces()).flat()
    return all.filter(({ internal }) => !internal)
  } catch {
    return [] // Deno without --allow-sys
  }
}

module.exports = addresses
