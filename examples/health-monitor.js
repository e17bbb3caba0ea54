// Watches trackers: asks each of them again and again, and prints a line when the state of one changes.
//
//   node health-monitor.js [--every SECONDS] [--timeout SECONDS] URL…
'use strict'

const crypto = require('node:crypto')
const { setTimeout } = require('node:timers/promises')
const { parseArgs } = require('node:util')
const { scrape, TrackerError } = require('bittorrent-udp-tracker')

const { values, positionals: urls } = parseArgs({
  allowPositionals: true,
  options: {
    every: { type: 'string', default: '60' },
    timeout: { type: 'string', default: '15' }
  }
})
const everyMs = Number(values.every) * 1000
const timeout = Number(values.timeout) * 1000
if (urls.length === 0 || !(everyMs > 0) || !(timeout > 0)) {
  console.error('usage: node health-monitor.js [--every SECONDS] [--timeout SECONDS] URL…')
  process.exit(2)
}

// A scrape shows that a tracker works and leaves no peer behind. No torrent has this info-hash.
const infoHash = crypto.randomBytes(20)

async function stateOf(url, signal) {
  try {
    const started = performance.now()
    await scrape(url, [infoHash], { timeout, signal })
    return { state: 'up', details: `${Math.round(performance.now() - started)} ms` }
  } catch (error) {
    if (!(error instanceof TrackerError)) throw error
    // Its own words, such as that it takes no scrapes: it is there and answers.
    const state = error.code === 'TRACKER_ERROR' ? 'refusing' : 'down'
    return { state, details: `${error.code}: ${error.message}` }
  }
}

async function watch(url, signal) {
  let last
  for (;;) {
    const { state, details } = await stateOf(url, signal)
    if (state !== last) console.log(`${new Date().toISOString()}  ${url}  ${state}  (${details})`)
    last = state
    await setTimeout(everyMs, undefined, { signal })
  }
}

async function main() {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => stop.abort())
  try {
    await Promise.all(urls.map((url) => watch(url, stop.signal)))
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
