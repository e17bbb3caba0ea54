// Look-ups from local addresses. The system's resolver cannot be told where to ask from, so it is not asked: the name
// servers that it is configured with are, and before them the hosts file. The rules are those of src/net/names/dns.rs.
'use strict'

const dns = require('node:dns')
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')

const TIMEOUT_MS = 1000
const TRIES = 4
// How long the addresses of one family wait for those of the other: some servers answer for one alone.
const OTHER_FAMILY_MS = 500

const isLoopback = (address) => /^127\.|^::1$/.test(address)

const HOSTS_FILE =
  process.platform === 'win32'
    ? path.join(process.env.SystemRoot || 'C:\\Windows', 'System32\\drivers\\etc\\hosts')
    : '/etc/hosts'

// What needs no name server, which is not asked for local names at all (RFC 6761, 6.3).
function knownHere(host) {
  const name = host.replace(/\.$/, '').toLowerCase()
  let text = ''
  try {
    text = fs.readFileSync(HOSTS_FILE, 'utf8')
  } catch {
    // There need not be one.
  }
  const found = []
  for (const line of text.split('\n')) {
    const [address, ...names] = line.replace(/#.*/s, '').trim().split(/\s+/)
    const isOf = names.some((one) => one.toLowerCase() === name)
    if (isOf && net.isIP(address) !== 0) found.push(address)
  }
  const isLocal = name === 'localhost' || name.endsWith('.localhost')
  return found.length === 0 && isLocal ? ['127.0.0.1', '::1'] : found
}

// `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`.
function addressOf(server) {
  if (net.isIP(server) !== 0) return server
  return server.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}

/** The name servers that may be asked from these addresses; throws if there is none. */
function serversFor(localAddresses, configured) {
  let problem = 'no name server is configured'
  const isHere = localAddresses.some(isLoopback)
  const servers = configured.filter((server) => {
    const address = addressOf(server)
    if (isLoopback(address) && !isHere) {
      // It asks others, and not from the local address.
      problem = `name server ${address} of this machine would not ask from the local address`
      return false
    }
    if (localAddresses.some((local) => net.isIP(local) === net.isIP(address))) return true
    problem = `name server ${address} cannot be asked from ${localAddresses.join(', ')}`
    return false
  })
  if (servers.length === 0) throw new Error(problem)
  return servers
}

async function within(ms, promise) {
  let timer
  const late = new Promise((resolve) => (timer = setTimeout(resolve, ms, [])))
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

class BoundNames {
  constructor(localAddresses) {
    this.localAddresses = localAddresses
    this.families = localAddresses.map((address) => net.isIP(address)).sort()
    this.resolver = null
  }

  open() {
    const resolver = new dns.promises.Resolver({ timeout: TIMEOUT_MS, tries: TRIES })
    resolver.setServers(serversFor(this.localAddresses, dns.getServers()))
    // IPv4 first, as it wants them.
    resolver.setLocalAddress(...[...this.localAddresses].sort((a, b) => net.isIP(a) - net.isIP(b)))
    return resolver
  }

  /** Addresses of the families that there are local addresses of, as dns.lookup has them. */
  async lookUp(host) {
    const withFamily = (address) => ({ address, family: net.isIP(address) })
    const known = knownHere(host)
      .map(withFamily)
      .filter(({ family }) => this.families.includes(family))
    if (known.length > 0) return known
    this.resolver ??= this.open()
    const asked = this.families.map((family) =>
      family === 6 ? this.resolver.resolve6(host) : this.resolver.resolve4(host)
    )
    const waited = asked.map((one, index) => {
      const others = asked.filter((_, other) => other !== index)
      if (others.length === 0) return one
      return Promise.any(others).then(
        () => within(OTHER_FAMILY_MS, one),
        () => one
      )
    })
    const outcomes = await Promise.allSettled(waited)
    const found = outcomes.flatMap(({ value = [] }) => value)
    if (found.length === 0) throw outcomes.find(({ reason }) => reason !== undefined).reason
    return found.map(withFamily)
  }
}

module.exports = { BoundNames, serversFor }
