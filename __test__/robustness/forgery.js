// Forged datagrams by the million while announces are in flight: every announce gets its own tracker's answer, once.
// `npm run test:forgery -- --flood 1000000 --in-flight 10000` also says what the flood costs.
'use strict'

const UdpTracker = require('../..')
const { options } = require('./arguments.js')
const { startHostileTracker } = require('../support/hostile-tracker.js')
const { PEER_ID, infoHash, mismatch } = require('../support/numbered.js')

const DEFAULTS = { flood: 1_000_000, rate: 0, inFlight: 10_000, seconds: 5, timeout: 500, loss: 0 }
const NEVER_AGAIN = 2 ** 31 - 1

/** Keeps `inFlight` announces in flight, a new tracker object each, until the promise `until` is kept. */
async function sustain(url, { inFlight, timeout, first }, until) {
  const result = { announced: 0, updates: 0, twice: 0, errors: [], mismatches: [] }
  const started = performance.now()
  let next = first
  let over = false
  let open = 0
  await new Promise((resolve) => {
    const one = () => {
      const hash = infoHash(next++, NEVER_AGAIN)
      const tracker = new UdpTracker(PEER_ID, hash, url, { _timeout: timeout })
      let outcomes = 0
      const end = () => {
        if (++outcomes > 1) return void result.twice++
        open--
        if (!over) one()
        else if (open === 0) resolve()
        // Late, so that a second outcome would still be seen.
        setImmediate(() => tracker.destroy())
      }
      tracker.on('update', (update) => {
        result.updates++
        const wrong = mismatch(hash, update)
        if (wrong !== null) result.mismatches.push(wrong)
        end()
      })
      tracker.on('error', (text) => {
        result.errors.push(text)
        end()
      })
      open++
      result.announced++
      tracker.announce('started')
    }
    for (let i = 0; i < inFlight; i++) one()
    until.then(() => {
      over = true
      const seconds = (performance.now() - started) / 1000
      result.throughput = Math.round(result.updates / seconds)
    })
  })
  return result
}

function memory() {
  if (global.gc) global.gc()
  return process.memoryUsage().rss
}

async function run(chosen) {
  const { flood, rate, inFlight, seconds, timeout, loss } = { ...DEFAULTS, ...chosen }
  const tracker = await startHostileTracker({ loss })
  const load = (first, until) => sustain(tracker.url, { inFlight, timeout, first }, until)

  const calm = await load(0, new Promise((resolve) => setTimeout(resolve, seconds * 1000)))
  const memoryBefore = memory()
  const before = UdpTracker.stats()
  const flooding = tracker.flood(flood, rate)
  const flooded = await load(calm.announced, flooding)
  const forged = await flooding
  const after = UdpTracker.stats()
  const memoryAfter = memory()
  await tracker.stop()

  const stats = {}
  for (const name of Object.keys(after)) stats[name] = after[name] - before[name]
  return { calm, flooded, forged, stats, memoryBefore, memoryAfter }
}

async function main() {
  const { calm, flooded, forged, stats, memoryBefore, memoryAfter } = await run(options(DEFAULTS))
  const sent = forged.strays + forged.foreign + forged.replays
  const megabytes = (bytes) => (bytes / 2 ** 20).toFixed(1)
  const failures = new Map()
  for (const text of flooded.errors) failures.set(text, (failures.get(text) || 0) + 1)
  console.log(`without flood: ${calm.updates} updates, ${calm.throughput} a second`)
  console.log(`forged: ${sent} datagrams, ${Math.round(sent / forged.seconds)} a second`)
  console.log(`with flood: ${flooded.updates} updates, ${flooded.throughput} a second`)
  console.log(`share of the throughput: ${(flooded.throughput / calm.throughput).toFixed(2)}`)
  console.log(`errors: ${flooded.errors.length}`, Object.fromEntries(failures))
  console.log(`wrong answers: ${flooded.mismatches.length}, answered twice: ${flooded.twice}`)
  console.log(`memory: ${megabytes(memoryBefore)} MB before, ${megabytes(memoryAfter)} MB after`)
  console.log(`counters: ${JSON.stringify(stats)}`)
  const wrong = flooded.errors.length + flooded.mismatches.length + flooded.twice
  process.exitCode = wrong === 0 && calm.errors.length === 0 ? 0 : 1
}

if (require.main === module) main()

module.exports = { run }
