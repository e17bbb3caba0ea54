// What this machine's loopback has.
'use strict'

const os = require('node:os')

const hasIPv6 = Object.values(os.networkInterfaces())
  .flat()
  .some(({ address }) => address === '::1')

// For the `skip` option of a test: false, or why it cannot run.
const withoutIPv6 = hasIPv6 ? false : 'this machine has no IPv6 loopback address (::1)'

module.exports = { withoutIPv6 }
