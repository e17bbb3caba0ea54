'use strict'

// `check`: whether trackers work, all at once.

const { csvLine, jsonLine, Metrics } = require('../formats.js')
const { readInfoHash } = require('../info-hashes.js')
const options = require('../options.js')
const { Progress, waitingFor } = require('../progress.js')
const { counted, quoted } = require('../text.js')
const { readTrackers } = require('../tracker-list.js')
const { shortName } = require('../tracker-url.js')
const UsageError = require('../usage-error.js')

const HELP = `Usage: bittorrent-udp-tracker check URL... [options]
       bittorrent-udp-tracker check --file LIST [options]
       ... | bittorrent-udp-tracker check - [options]

Checks whether trackers work: looks each one up, connects to whichever of its
addresses answers first, announces and scrapes, over IPv4 and over IPv6 if it
has addresses of both. All are checked at once and printed as they finish, with
the milliseconds of the look-up and of the round trip of each step.

  works      answers all of it
  no scrape  announces, and ignores or refuses the scrape
  refuses    answers with an error: many serve only their own torrents and need
             --info-hash with one of these
  failed     does not answer
  skipped    is not UDP, or of a family that this machine has no address of

The torrent is one that nobody has, made up at random, and the peer says
"stopped" at the end.

  URL                  udp://host:port, with a path or without; host:port is
                       enough; or - for a list on standard input

  --file LIST          a file with URLs, one a line or several with commas;
                       blank lines and # comments ignored; - is standard input
  --skip-invalid       go on without what is no URL
  --family 4|6         IPv4 or IPv6 only
  --info-hash HASH     the torrent to ask for: hex, base32, a magnet link or
                       the path of a .torrent file
  --timeout SECONDS    give up on the look-up, and on each answer, after this
                       long (default 15); 0.5 is half a second
  --concurrency N      how many trackers at once (default 1000)
  --strict             trackers that refuse or do not scrape have failed
  --sort KEY           latency, name or status; everything is printed at the
                       end then
  --only STATUS        the URLs of these alone, the fastest first, one a line;
                       several with commas, as works,no-scrape
  --quiet              print nothing, the exit code says it
  --format FORMAT      table, json (an object a line for each tracker and
                       family, as they finish), csv, or openmetrics for
                       Prometheus
  --json               the same as --format json
  -h, --help

Examples:
  bittorrent-udp-tracker check tracker.example.org:6969
  bittorrent-udp-tracker check --file trackers.txt --only works > best.txt
  curl -s https://example.org/trackers.txt | bittorrent-udp-tracker check - \\
    --skip-invalid --timeout 5 --sort latency
  bittorrent-udp-tracker check --file trackers.txt --format openmetrics \\
    > trackers.prom

Exit code: 0 all UDP trackers answer, 1 one failed or there is none (with
--only: there is none of these), 2 wrong use, 3 the package's addon is missing,
130 ended by Ctrl-C.
`

const OPTIONS = {
  ...options.LISTS,
  ...options.NETWORK,
  'info-hash': { type: 'string' },
  concurrency: { type: 'string' },
  strict: { type: 'boolean' },
  sort: { type: 'string' },
  only: { type: 'string' },
  quiet: { type: 'boolean' },
  ...options.OUTPUT
}

const AT_ONCE = 1000
const MOST_AT_ONCE = 10_000

const CSV = [
  'url',
  'family',
  'address',
  'status',
  'reason',
  'lookupMs',
  'connectMs',
  'announceMs',
  'scrapeMs'
]

// What all the results of one tracker come to.
class Tally {
  constructor(statuses) {
    this.counts = new Map([...statuses, 'works in part'].map((status) => [status, 0]))
    this.order = statuses
  }

  statusOf(results) {
    const found = this.order.filter((status) => results.some((result) => result.status === status))
    const asked = found.filter((status) => status !== 'skipped')
    if (asked.length === 0) return 'skipped'
    return asked.includes('failed') && asked.length > 1 ? 'works in part' : asked[asked.length - 1]
  }

  add(results) {
    const status = this.statusOf(results)
    this.counts.set(status, this.counts.get(status) + 1)
  }

  /** Whether no UDP tracker failed, and there was one. */
  isGood(isStrict) {
    const count = (...statuses) => statuses.reduce((sum, one) => sum + this.counts.get(one), 0)
    if (count('failed', 'works in part') > 0) return false
    const wanting = count('refuses', 'no scrape')
    return isStrict ? wanting === 0 && count('works') > 0 : wanting + count('works') > 0
  }

  toString() {
    const words = {
      works: ['works', 'work'],
      'works in part': ['works in part', 'work in part'],
      'no scrape': ['does not scrape', 'do not scrape'],
      refuses: ['refuses', 'refuse'],
      failed: ['failed', 'failed'],
      skipped: ['skipped', 'skipped']
    }
    const found = Object.keys(words).filter((status) => this.counts.get(status) > 0)
    const total = found.reduce((sum, status) => sum + this.counts.get(status), 0)
    const parts = found.map((status) => {
      const count = this.counts.get(status)
      return `${counted(count, '', '').trim()} ${words[status][count === 1 ? 0 : 1]}`
    })
    return `${counted(total, 'tracker')}: ${parts.join(', ')}`
  }
}

// The round trip of a tracker's fastest answer, Infinity without one.
function latencyOf(results) {
  return Math.min(...results.map(({ connectMs }) => connectMs ?? Infinity))
}

const SORTS = {
  latency: () => (a, b) => latencyOf(a) - latencyOf(b) || 0,
  name: () => (a, b) => (shortName(a[0].url) < shortName(b[0].url) ? -1 : 1),
  status: (tally, order) => {
    const rank = (results) => order.indexOf(tally.statusOf(results).replace(' in part', ''))
    return (a, b) => rank(a) - rank(b) || SORTS.latency()(a, b)
  }
}

function statusesOf(text, known) {
  if (text === undefined) return null
  return text.split(',').map((word) => {
    const status = word.trim().replace('-', ' ')
    if (known.includes(status)) return status
    throw new UsageError(
      `--only must be of ${known.join(', ').replace(' scrape', '-scrape')}, got ${quoted(word)}`
    )
  })
}

function metricsOf(all, statuses) {
  const metrics = new Metrics()
    .family('bittorrent_tracker_up', 'Whether the tracker answers, if only with an error.')
    .family('bittorrent_tracker_status', 'Whether this is what the check came to.')
    .family('bittorrent_tracker_step_seconds', 'How long each step took.')
  const steps = {
    look_up: 'lookupMs',
    connect: 'connectMs',
    announce: 'announceMs',
    scrape: 'scrapeMs'
  }
  for (const result of all.flat()) {
    const { url, family } = result
    const labels = { url, family }
    if (result.status !== 'skipped') {
      metrics.add('bittorrent_tracker_up', labels, result.status === 'failed' ? 0 : 1)
    }
    for (const status of statuses) {
      metrics.add(
        'bittorrent_tracker_status',
        { ...labels, status },
        Number(status === result.status)
      )
    }
    for (const [step, field] of Object.entries(steps)) {
      if (result[field] === null) continue
      metrics.add('bittorrent_tracker_step_seconds', { ...labels, step }, result[field] / 1000)
    }
  }
  return metrics.lines()
}

// Prints results as they come, or all of them at the end.
class Printer {
  constructor({ stdout, values, trackers, statuses, tally }) {
    this.stdout = stdout
    this.format = options.format(values)
    this.only = statusesOf(values.only, statuses)
    const sort = options.oneOf(values, 'sort', Object.keys(SORTS))
    const isLate = sort !== undefined || this.only !== null || this.format === 'openmetrics'
    this.late = isLate ? [] : null
    this.order = SORTS[sort ?? 'latency'](tally, statuses)
    this.statuses = statuses
    this.isQuiet = values.quiet === true
    this.isBare = this.only !== null && this.format === 'table'
    this.matches = 0
    this.tally = tally
    if (this.format === 'table' && !this.isBare) {
      const CheckTable = require('../check-table.js')
      this.table = new CheckTable(stdout, trackers)
    }
    this.hasHeader = false
  }

  linesOf(results) {
    const lines = []
    if (this.isBare) return [results[0].url]
    if (this.format === 'json') return results.map(jsonLine)
    if (!this.hasHeader) lines.push(this.table ? this.table.header() : csvLine(CSV))
    this.hasHeader = true
    for (const result of results) {
      lines.push(this.table ? this.table.row(result) : csvLine(CSV.map((field) => result[field])))
    }
    return lines
  }

  add(results) {
    if (this.only !== null) results = results.filter(({ status }) => this.only.includes(status))
    if (results.length === 0) return undefined
    this.matches++
    if (this.late !== null) return void this.late.push(results)
    return this.isQuiet ? undefined : this.stdout.lines(this.linesOf(results))
  }

  async end() {
    if (this.isQuiet) return
    if (this.format === 'openmetrics') return this.stdout.lines(metricsOf(this.late, this.statuses))
    if (this.late !== null) {
      await this.stdout.lines(
        this.late.sort(this.order).flatMap((results) => this.linesOf(results))
      )
    }
    if (!this.table) return
    await this.stdout.line('')
    await this.stdout.prose(`${this.tally}; times in ms`)
  }
}

async function run(args, { stdout, stderr, fail, note, help, onInterrupt }) {
  const { values, positionals } = options.parse(args, OPTIONS)
  if (values.help) return help()
  const { family, timeout } = options.network(values)
  const atOnce = options.integer(values, 'concurrency', 1, MOST_AT_ONCE) ?? AT_ONCE
  const hashText = values['info-hash']
  const infoHash = hashText === undefined ? null : (await readInfoHash(hashText)).infoHash
  const trackers = await readTrackers({ values, positionals, note, what: 'check' })

  // Loads the package, which those who only want to know how to use this need not have.
  const { Checker, STATUSES } = require('../tracker-check.js')
  const LookUps = require('../look-ups.js')
  const tally = new Tally(STATUSES)
  const printer = new Printer({ stdout, values, trackers, statuses: STATUSES, tally })
  const lookUps = new LookUps({ names: trackers.length, timeout })
  const checker = new Checker({ family, timeout, infoHash, lookUps })
  const running = new Set()
  const progress = printer.isQuiet
    ? null
    : new Progress(
        { stdout, stderr },
        {
          total: trackers.length,
          unit: 'trackers',
          what: () =>
            waitingFor(
              [...running].map(({ url }) => shortName(url)),
              'tracker'
            )
        }
      )
  let done = 0
  onInterrupt(async () => {
    progress?.end()
    lookUps.close()
    fail(`interrupted, ${done} of ${counted(trackers.length, 'tracker')} checked`)
    await printer.end()
    await checker.end()
  })

  const queue = trackers.values()
  const work = async () => {
    for (const tracker of queue) {
      running.add(tracker)
      const results = await checker.check(tracker)
      running.delete(tracker)
      done++
      if (progress) progress.done = done
      tally.add(results)
      await printer.add(results)
    }
  }
  try {
    await checker.warmUp()
    await Promise.all(Array.from({ length: Math.min(atOnce, trackers.length) }, work))
  } finally {
    progress?.end()
  }
  await printer.end()
  await checker.end()
  if (printer.only !== null) return printer.matches > 0 ? 0 : 1
  return tally.isGood(values.strict) ? 0 : 1
}

module.exports = { run, HELP, OPTIONS }
