// `UdpTracker.ping` by the command line's own sockets and look-ups.
'use strict'

const { TrackerError } = require('../../index.js')
const { connectToFirst } = require('./connect.js')
const { familiesOf } = require('./hosts.js')
const { LocalAddresses } = require('./local-addresses.js')
const UsageError = require('../usage-error.js')
const LookUps = require('./look-ups.js')

let lookUps
const addon = () => require('../../lib/engine/addon.js').load()

async function pingFamily(parts, family, { timeout, local, ms, families, retransmit }) {
  const [found] = families.filter((one) => one.family === family)
  if (!found)
    throw new TrackerError(`tracker host ${parts.host} has no IPv${family} address`, 'DNS', {
      phase: 'lookup'
    })
  const { address } = found.addresses[0]
  if (!found.isReachable) {
    throw new TrackerError('network unreachable', 'NETWORK', {
      address,
      cause: { code: 'ENETUNREACH' }
    })
  }
  try {
    const {
      found: to,
      ms: roundTrip,
      error
    } = await connectToFirst(found.addresses, parts.port, {
      timeout,
      local: local.of(family),
      retransmit
    })
    if (error !== null) throw Object.assign(error, { address: to.address, phase: 'connect' })
    return { address: to.address, family, lookup: ms, roundTrip }
  } catch (error) {
    if (error instanceof TrackerError) error.address ??= address
    throw error
  }
}

// Sockets that are not the engine's cannot go that way.
async function prepare({ interface: name, proxy, localAddress = [] } = {}) {
  for (const [option, value] of Object.entries({ interface: name, proxy })) {
    if (value === undefined) continue
    throw new UsageError(
      `--${option} is for announce and scrape: the connects of this command cannot go that way`
    )
  }
  await new LocalAddresses(localAddress).check()
}

function roomForTrackers() {
  const limit = Number(process.report.getReport().userLimits?.open_files.soft)
  return limit > 0 ? Math.max(1, Math.floor((limit - 48) / 4)) : Infinity
}

async function ping(url, { family, timeout, transport, signal, retransmit = false }) {
  const parts = addon().parseUrl(url)
  if (typeof parts === 'string') throw new TrackerError(parts, 'BAD_URL')
  const localAddresses = transport?.localAddress ?? []
  lookUps ??= new LookUps({ names: 256, timeout, localAddresses })
  const local = new LocalAddresses(localAddresses)
  const { families: found, ms } = await familiesOf(parts, family === 'both' ? 0 : family, lookUps)
  signal?.throwIfAborted()
  const one = (which) =>
    pingFamily(parts, which, { timeout, local, ms, families: found, retransmit })
  if (family !== 'both') return one(family === 0 ? found[0].family : family)
  const [four, six] = await Promise.all([4, 6].map((which) => one(which).catch((error) => error)))
  if (four instanceof Error && six instanceof Error) {
    throw Object.assign(new TrackerError(four.message, four.code), { errors: { 4: four, 6: six } })
  }
  return { 4: four, 6: six }
}

module.exports = { ping, prepare, roomForTrackers }
