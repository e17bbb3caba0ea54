// Trackers on loopback in a process of their own, for what is measured against many at once.
'use strict'

const { fork } = require('node:child_process')

const { startScriptedTracker, silent } = require('../../__test__/support/scripted-tracker.js')

/** Starts `living` trackers and `dead` ones, which hear and never answer: `{living, dead, stop}`, URLs of both. */
async function startTrackers({ living, dead = 0 }) {
  const child = fork(__filename, [living, dead])
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const urls = await new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('close', (code) => reject(new Error(`the trackers ended with ${code}`)))
  })
  const stop = () => {
    process.removeListener('exit', kill)
    kill()
  }
  return { ...urls, stop }
}

async function main(counts) {
  const t = { after() {} }
  const [living, dead] = counts.map(Number)
  const start = async (count, script) => {
    const trackers = Array.from({ length: count }, () => startScriptedTracker(t, script))
    return (await Promise.all(trackers)).map(({ url }) => url)
  }
  const urls = { living: await start(living), dead: await start(dead, { connect: silent }) }
  process.on('disconnect', () => process.exit())
  process.send(urls)
}

if (require.main === module) main(process.argv.slice(2))

module.exports = { startTrackers }
