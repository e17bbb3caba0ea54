// What lies behind both interfaces of two-networks.js: a namespace with a tracker, a name server and a proxy, of which the
// first two tell their parent who asks.
'use strict'

const { execFileSync } = require('node:child_process')
const { startDnsServer } = require('./dns-server.js')
const { startScriptedTracker } = require('./scripted-tracker.js')
const { startSocksProxy } = require('./socks-proxy.js')
const wire = require('./wire.js')

const ip = (...args) => execFileSync('ip', args)

let silent = false
let interval = 1800
// How often each name has been asked for.
const asked = new Map()
// Has the tracker listen at one more address.
let listen = null

async function serve({ trackers, nameServer }) {
  const t = { after() {} }
  ip('link', 'set', 'lo', 'up')
  for (const address of [...trackers, nameServer]) {
    ip('addr', 'add', address, 'dev', 'lo', ...(address.includes(':') ? ['nodad'] : []))
  }
  const script = {
    connect: (request, tracker) => {
      process.send({ kind: 'connect', from: request.from.address })
      return wire.connectResponse(request, tracker.issueConnectionId())
    },
    announce: (request) => {
      process.send({ kind: 'announce', from: request.from.address, length: request.raw.length })
      return silent ? undefined : wire.announceResponse(request, { interval })
    },
    scrape: (request) => {
      process.send({ kind: 'scrape', from: request.from.address, length: request.raw.length })
      return wire.scrapeResponse(
        request,
        request.infoHashes.map(() => ({ seeds: 1 }))
      )
    }
  }
  listen = (address) =>
    startScriptedTracker(t, {
      family: address.includes(':') ? 6 : 4,
      address,
      port: 6969,
      ...script
    })
  for (const address of trackers) await listen(address)
  await startDnsServer(
    t,
    (name, from) => {
      process.send({ kind: 'look-up', name, from: from.address })
      if (name.startsWith('dead')) return 'fail'
      // Both types of a name are asked for, and of these names both are asked for again.
      const times = (asked.get(name) || 0) + 1
      asked.set(name, times)
      if (name.startsWith('mute') || (name.startsWith('late') && times <= 2)) return 'hang'
      return trackers[0]
    },
    {
      address: nameServer,
      textsOf: (name, from) => {
        process.send({ kind: 'texts', name, from: from.address })
        return ['BITTORRENT UDP:6969']
      }
    }
  )
  await startSocksProxy(t, {
    address: trackers[0],
    port: 1080,
    relayHost: trackers[0],
    bound: ({ port }) => ({ address: trackers[0], port }),
    resolve: () => [trackers[0], 4]
  })
}

process.on('disconnect', () => process.exit())
process.on('message', async (message) => {
  if (message.run) for (const args of message.run) ip(...args)
  if (message.serve) await serve(message.serve)
  if (message.listen) await listen(message.listen)
  if (message.silent !== undefined) silent = message.silent
  if (message.interval !== undefined) interval = message.interval
  process.send({ kind: 'done' })
})
process.send({ kind: 'done' })
