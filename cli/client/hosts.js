// From a tracker's host to the addresses that this machine can be expected to reach.
'use strict'

const net = require('node:net')
const os = require('node:os')
const { TrackerError } = require('../..')

// No tracker's name has more.
const MOST_ADDRESSES = 16

// Whether this machine can be expected to reach an address of this family: that is not the tracker's fault.
function machineReaches({ address, family }) {
  if (/^127\.|^::1$/.test(address)) return true
  return Object.values(os.networkInterfaces())
    .flat()
    .some((own) => {
      const isFamily = own.family === `IPv${family}` || own.family === family
      return isFamily && !own.internal && !/^fe80:/i.test(own.address)
    })
}

/**
 * `[{family, addresses, isReachable}]` for each family, 4 before 6, that the host has addresses of, with the milliseconds
 * of its look-up, `null` for an address: `{families, ms}`. Rejects with a TrackerError.
 */
async function familiesOf(parts, family, lookUps) {
  const { host } = parts
  const known = net.isIP(host)
  const { addresses, ms } =
    known === 0
      ? await lookUps.lookUp(host)
      : { addresses: [{ address: host, family: known }], ms: null }
  const families = (family === 0 ? [4, 6] : [family])
    .map((one) => ({ family: one, addresses: addresses.filter((found) => found.family === one) }))
    .filter((one) => one.addresses.length > 0)
    .map((one) => ({
      ...one,
      addresses: one.addresses.slice(0, MOST_ADDRESSES),
      isReachable: machineReaches(one.addresses[0])
    }))
  if (families.length === 0) {
    throw new TrackerError(`tracker host ${host} has no IPv${family || '4 or IPv6'} address`, 'DNS')
  }
  return { families, ms }
}

/** An address and a port as they stand in a URL. */
function hostAndPort({ address, family }, port) {
  return family === 6 ? `[${address}]:${port}` : `${address}:${port}`
}

module.exports = { familiesOf, hostAndPort }
