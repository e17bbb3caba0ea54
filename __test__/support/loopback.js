// What this machine's loopback has.
'use strict'

const os = require('node:os')

const hasIPv6 = Object.values(os.networkInterfaces())
  .flat()
  .some(({ address }) => address === '::1')

// For the `skip` option of a test: false, or why it cannot run.
const withoutIPv6 = hasIPv6 ? false : 'this machine has no IPv6 loopback address (::1)'

// macOS has 127.0.0.1 alone, where others have all that begins with 127. Wine binds to all of them when it is told one.
const withoutAddresses =
  process.env.TEST_UNDER === 'Wine'
    ? 'Wine binds to all addresses when it is told one'
    : process.platform === 'darwin' && 'this machine has 127.0.0.1 alone'

module.exports = { withoutAddresses, withoutIPv6 }
