// A long run over a network that loses datagrams: announces by the million, a new tracker object each, beside trackers
// that announce again every second. Every count has to add up and memory has to stay. `npm run soak` is the long form.
'use strict'

const fs = require('node:fs')
const UdpTracker = require('../..')
const { options } = require('./arguments.js')
const { startHostileTracker } = require('../support/hostile-tracker.js')
const { PEER_ID, infoHash, mismatch } = require('../support/numbered.js')

const DEFAULTS = {
  announces: 2_000_000,
  repeating: 1000,
  inFlight: 1500,
  loss: 5,
  rate: 10_000,
  ports: 128,
  timeout: 100,
  seed: 1
}
const NEVER_AGAIN = 2 ** 31 - 1
const SAMPLES = 100

class Soak {
  constructor(urls, chosen) {
    Object.assign(this, chosen)
    this.urls = urls
    this.seen = { updates: 0, errors: 0, repeated: 0 }
    this.errors = new Map()
    this.mismatches = []
    this.samples = []
    this.begun = 0
    this.open = 0
  }

  tracker(number, interval, onEnd) {
    const hash = infoHash(number, interval)
    const url = this.urls[number % this.urls.length]
    const tracker = new UdpTracker(PEER_ID, hash, url, { _timeout: this.timeout })
    tracker.on('update', (update) => {
      this.seen.updates++
      const wrong = mismatch(hash, update)
      if (wrong !== null) this.mismatches.push(wrong)
      onEnd(tracker)
    })
    tracker.on('error', (text) => {
      this.seen.errors++
      this.errors.set(text, (this.errors.get(text) || 0) + 1)
      onEnd(tracker, text)
    })
    return tracker
  }

  // All announces, each started when one before it ended and no faster than `rate` a second: what is kept for a time
  // depends on how many there are in it, and memory is compared.
  announceAll() {
    const started = performance.now()
    return new Promise((resolve) => {
      const end = (tracker) => {
        tracker.destroy()
        this.open--
        one()
      }
      const one = () => {
        if (this.begun === this.announces) return void (this.open === 0 && resolve())
        const early = (this.begun / this.rate) * 1000 - (performance.now() - started)
        if (early > 1) return void setTimeout(one, early)
        if (this.begun % Math.ceil(this.announces / SAMPLES) === 0) this.sample()
        this.open++
        this.tracker(this.begun++, NEVER_AGAIN, end).announce(2)
      }
      for (let i = 0; i < this.inFlight; i++) one()
    })
  }

  // Trackers that announce again every second; resolves when `until` has and each has ended its last announce.
  async repeat(until) {
    let over = false
    let left = this.repeating
    until.then(() => (over = true))
    await new Promise((resolve) => {
      const end = (tracker, error) => {
        this.seen.repeated++
        if (over) {
          tracker.destroy()
          if (--left === 0) resolve()
        } else if (error !== undefined) tracker.announce(0)
      }
      for (let i = 0; i < this.repeating; i++) {
        this.tracker(this.announces + i, 1, end).announce(2)
      }
    })
  }

  sample() {
    if (!global.gc) return
    global.gc()
    const { rss, heapUsed, external } = process.memoryUsage()
    this.samples.push({ rss, heap: heapUsed + external })
  }

  async run() {
    const all = this.announceAll()
    await Promise.all([all, this.repeat(all)])
  }
}

/** Datagrams the system dropped for want of room, of sockets with these ports or of this process's; null if unknown. */
function dropped(ports) {
  let rows
  try {
    rows = fs.readFileSync('/proc/net/udp', 'utf8').trim().split('\n').slice(1)
  } catch {
    return null
  }
  const own = new Set(
    fs.readdirSync('/proc/self/fd').map((fd) => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${fd}`).replace(/^socket:\[(\d+)\]$/, '$1')
      } catch {
        return '' // the listing's own
      }
    })
  )
  const drops = { tracker: 0, client: 0 }
  for (const row of rows) {
    const fields = row.trim().split(/\s+/)
    const port = parseInt(fields[1].split(':')[1], 16)
    if (ports.includes(port)) drops.tracker += Number(fields.at(-1))
    else if (own.has(fields[9])) drops.client += Number(fields.at(-1))
  }
  return drops
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] || 0

async function run(chosen) {
  const all = { ...DEFAULTS, ...chosen }
  const tracker = await startHostileTracker(all)
  const soak = new Soak(tracker.urls, all)
  const started = performance.now()
  await soak.run()
  const seconds = (performance.now() - started) / 1000
  const stats = UdpTracker.stats()
  const drops = dropped(tracker.ports)
  const counts = await tracker.counts()
  await tracker.stop()
  const tenth = SAMPLES / 10
  const memory = (samples) => ({
    rss: median(samples.map(({ rss }) => rss)),
    heap: median(samples.map(({ heap }) => heap))
  })
  const afterTenth = memory(soak.samples.slice(tenth, 2 * tenth))
  const atEnd = memory(soak.samples.slice(-tenth))
  const tenths = Array.from({ length: 10 }, (_, i) =>
    memory(soak.samples.slice(i * tenth, (i + 1) * tenth))
  )
  return { ...soak, seconds, stats, drops, counts, afterTenth, atEnd, tenths }
}

/** What does not add up, in words. */
function problems({ seen, mismatches, stats, drops, counts, begun, announces }) {
  const found = mismatches.slice(0, 3)
  const equal = (left, right, what) => {
    if (left !== right) found.push(`${what}: ${left} and ${right}`)
  }
  equal(begun, announces, 'announces begun and wanted')
  equal(begun + seen.repeated, seen.updates + seen.errors, 'announces and events')
  equal(stats.requests, seen.updates + seen.errors, 'requests and events')
  equal(stats.answered, seen.updates, 'answered and updates')
  equal(stats.failed, seen.errors, 'failed and errors')
  equal(stats.pending, 0, 'pending and nothing')
  if (drops !== null) {
    const asked = counts.connects + counts.announces + counts.other + drops.tracker
    equal(stats.sent - stats.sendErrors, asked, 'datagrams sent and arrived')
    equal(counts.answers, stats.received + drops.client, 'answers and datagrams received')
  }
  const lost = counts.lostRequests + counts.lostAnswers
  equal(
    counts.connects + counts.announces - lost,
    counts.answers,
    'requests less losses and answers'
  )
  return found
}

async function main() {
  const result = await run(options(DEFAULTS))
  const { seen, errors, stats, drops, counts, afterTenth, atEnd, seconds } = result
  const found = problems(result)
  const growth = atEnd.rss / afterTenth.rss - 1
  const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`
  const asked = stats.requests
  console.log(
    `${asked} announces in ${seconds.toFixed(0)} s, ${Math.round(asked / seconds)} a second`
  )
  console.log(`of them ${seen.repeated} by trackers that announce every second`)
  console.log(`${seen.updates} updates, ${seen.errors} errors`, Object.fromEntries(errors))
  console.log(`client: ${JSON.stringify(stats)}`)
  console.log(`tracker: ${JSON.stringify(counts)}, the system dropped: ${JSON.stringify(drops)}`)
  for (const [when, { rss, heap }] of [
    ['after a tenth', afterTenth],
    ['at the end', atEnd]
  ]) {
    console.log(`memory ${when}: ${megabytes(rss)}, of which JavaScript's: ${megabytes(heap)}`)
  }
  console.log('MB by tenths:', result.tenths.map(({ rss }) => Math.round(rss / 2 ** 20)).join(' '))
  console.log(`growth: ${(growth * 100).toFixed(1)} %`)
  if (growth > 0.05) found.push('memory grew by more than 5 %')
  for (const problem of found) console.error(`does not add up: ${problem}`)
  process.exitCode = found.length === 0 ? 0 : 1
}

if (require.main === module) main()

module.exports = { run, problems }
