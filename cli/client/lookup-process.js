// The process that look-ups.js starts. It answers `{number, host}` with `{number, ms, addresses}` or `{number, code}`,
// and says `ready` first: its own start is nobody's look-up. Its arguments are the local addresses to ask from, if any.
'use strict'

const dns = require('node:dns')

const localAddresses = process.argv.slice(2)

function lookUpOf() {
  if (localAddresses.length === 0) return (host) => dns.promises.lookup(host, { all: true })
  const { BoundNames } = require('./bound-names.js')
  const names = new BoundNames(localAddresses)
  return (host) => names.lookUp(host)
}

const lookUp = lookUpOf()

process.on('message', async ({ number, host }) => {
  const began = performance.now()
  try {
    const addresses = await lookUp(host)
    process.send({ number, ms: performance.now() - began, addresses })
  } catch (error) {
    process.send({ number, code: error.code || error.message })
  }
})

// Ctrl-C reaches all processes of a terminal. The one that asks decides when this one goes, and if it has gone there is
// nobody to look anything up for.
process.on('SIGINT', () => {})
process.once('disconnect', () => process.exit())

process.send('ready')
