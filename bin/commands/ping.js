'use strict'

// `ping`: connects to trackers, over and over.

const { reasonOf } = require('../failures.js')
const { csvLine, jsonLine, Metrics } = require('../formats.js')
const options = require('../options.js')
const PingTable = require('../ping-table.js')
const { readTrackers } = require('../tracker-list.js')
const { shortName } = require('../tracker-url.js')
const { shown } = require('../text.js')
const { column, widthOf } = require('../text-width.js')

const HELP = `Usage: bittorrent-udp-tracker ping URL... [options]

Connects to trackers once a second, until Ctrl-C or --count, and prints each
round trip, and at the end how many were lost and how long they took: the
shortest, the median, the 95th and 99th percentile and the longest. Each of a
tracker's addresses is asked; several stand side by side on a terminal. A
connect is 16 bytes each way and nothing that a tracker remembers anybody by.

  URL                  udp://host:port, with a path or without; host:port is
                       enough; or - for a list on standard input

  --file LIST          a file with URLs, one a line or several with commas;
                       blank lines and # comments ignored; - is standard input
  --skip-invalid       go on without what is no URL
  --count N            stop after N connects to each (default: Ctrl-C)
  --interval SECONDS   between two connects to one address (default 1, 0.2 at
                       least)
  --family 4|6         IPv4 or IPv6 only
  --timeout SECONDS    a connect without an answer after this long is lost
                       (default 5)
  --format FORMAT      table, json (an object a line for each connect, and one
                       for each address at the end), csv or openmetrics for
                       Prometheus (both at the end)
  --json               the same as --format json
  -h, --help

Examples:
  bittorrent-udp-tracker ping tracker.example.org:6969
  bittorrent-udp-tracker ping --file trackers.txt --count 10
  bittorrent-udp-tracker ping tracker.example.org:6969 --count 60 \\
    --format openmetrics > tracker.prom

Exit code: 0 every tracker answered at least once, 1 one did not, 2 wrong use,
3 the package's addon is missing. Ctrl-C is the usual end and changes nothing.
`

const OPTIONS = {
  ...options.LISTS,
  count: { type: 'string' },
  interval: { type: 'string' },
  ...options.NETWORK,
  ...options.OUTPUT
}

const INTERVAL_S = 1
const LEAST_INTERVAL_S = 0.2
const TIMEOUT_S = 5

const milliseconds = (ms) => (ms === null ? null : Math.round(ms * 1000) / 1000)

function summaryOf({ tracker: { url }, address, family, roundTrips }) {
  const { sent, received, loss } = roundTrips
  const { min, median, p95, p99, max } = roundTrips.summary()
  const times = { minMs: min, medianMs: median, p95Ms: p95, p99Ms: p99, maxMs: max }
  for (const [name, ms] of Object.entries(times)) times[name] = milliseconds(ms)
  return { url, address, family, sent, received, loss, ...times }
}

function metricsOf(targets, unresolved) {
  const name = 'bittorrent_tracker_ping'
  const metrics = new Metrics()
    .family(`${name}_sent`, 'Connects that were sent and are decided.')
    .family(`${name}_lost`, 'Connects without an answer in time.')
    .family(`${name}_seconds`, 'Round trips of connects.', 'summary')
  for (const { tracker } of unresolved) metrics.add(`${name}_sent`, { url: tracker.url }, 0)
  for (const { tracker, address, roundTrips } of targets) {
    const labels = { url: tracker.url, address }
    metrics.add(`${name}_sent`, labels, roundTrips.sent)
    metrics.add(`${name}_lost`, labels, roundTrips.lost)
    const { min, median, p95, p99, max } = roundTrips.summary()
    const quantiles = { '0.0': min, 0.5: median, 0.95: p95, 0.99: p99, '1.0': max }
    for (const [quantile, ms] of Object.entries(quantiles)) {
      if (ms !== null) metrics.add(`${name}_seconds`, { ...labels, quantile }, ms / 1000)
    }
    metrics.add(`${name}_seconds`, labels, roundTrips.sum / 1000, '_sum')
    metrics.add(`${name}_seconds`, labels, roundTrips.received, '_count')
  }
  return metrics.lines()
}

// What is printed while it runs, and at the end.
class Printer {
  constructor(stdout, format, targets) {
    this.stdout = stdout
    this.format = format
    this.targets = targets
    this.table = new PingTable(stdout, targets)
    this.nameWidth = 0
    for (const { name } of targets) this.nameWidth = Math.max(this.nameWidth, widthOf(shown(name)))
    // One screen, drawn over and over; what does not fit there is printed line by line.
    this.isScreen =
      format === 'table' &&
      stdout.canErase &&
      targets.length > 1 &&
      targets.length + 3 < stdout.rows
    this.drawn = 0
  }

  begin({ interval }) {
    if (this.format !== 'table' || this.targets.length === 0) return undefined
    if (this.isScreen) return this.draw()
    if (this.targets.length > 1) return undefined
    const [{ tracker, place }] = this.targets
    return this.stdout.line(
      `PING ${shortName(tracker.url)} (${place}): a connect every ${interval / 1000} s`
    )
  }

  outcome(target, { seq, ms, err }) {
    const { url } = target.tracker
    if (this.format === 'json') {
      const error = err === null ? {} : { error: { code: err.code, message: err.message } }
      const { address, family } = target
      return this.stdout.line(
        jsonLine({ url, address, family, seq, ms: milliseconds(ms), ...error })
      )
    }
    if (this.format !== 'table') return undefined
    if (this.isScreen) return this.draw()
    const name =
      this.targets.length === 1 ? '' : `${column(shown(target.name), this.lineNameWidth())}  `
    const text = ms === null ? (err ? reasonOf(err) : 'no answer') : `${ms.toFixed(1)} ms`
    const refusal = ms !== null && err !== null ? `  refuses: ${reasonOf(err)}` : ''
    return this.stdout.line([
      name + String(seq).padStart(4),
      '  ',
      [ms === null ? 'red' : 'green', text],
      refusal
    ])
  }

  lineNameWidth() {
    const room = this.stdout.isTerminal ? this.stdout.columns - 1 - 24 : Infinity
    return Math.min(this.nameWidth, room)
  }

  draw() {
    const lines = this.table.lines(this.targets)
    this.stdout.again(lines, this.drawn)
    this.drawn = lines.length
  }

  async end(unresolved) {
    if (this.format === 'json')
      return this.stdout.lines(this.targets.map((target) => jsonLine(summaryOf(target))))
    if (this.format === 'csv') {
      const rows = this.targets.map(summaryOf)
      const names = [
        'url',
        'address',
        'family',
        'sent',
        'received',
        'loss',
        'minMs',
        'medianMs',
        'p95Ms',
        'p99Ms',
        'maxMs'
      ]
      return this.stdout.lines([
        csvLine(names),
        ...rows.map((row) => csvLine(names.map((name) => row[name])))
      ])
    }
    if (this.format === 'openmetrics') return this.stdout.lines(metricsOf(this.targets, unresolved))
    if (this.targets.length === 0) return undefined
    if (this.isScreen) return this.draw()
    return this.stdout.lines(['', ...this.table.lines(this.targets)])
  }
}

// The addresses of each tracker, or the reason why there are none.
async function addressesOf(trackers, { family, timeout }) {
  const { familiesOf } = require('../hosts.js')
  const LookUps = require('../look-ups.js')
  const { TrackerError } = require('../..')
  const lookUps = new LookUps({ names: trackers.length, timeout })
  const found = await Promise.all(
    trackers.map(async (tracker) => {
      if (tracker.scheme !== 'udp') return { tracker, reason: `not UDP (${tracker.scheme})` }
      if (tracker.problem !== null) return { tracker, reason: tracker.problem }
      try {
        const { families } = await familiesOf(tracker.parts, family, lookUps)
        const reachable = families.filter(({ isReachable }) => isReachable)
        const addresses = reachable.flatMap(({ addresses }) => addresses)
        if (addresses.length > 0) return { tracker, addresses }
        return { tracker, reason: `this machine has no IPv${families[0].family} address` }
      } catch (err) {
        if (!(err instanceof TrackerError)) throw err
        return { tracker, reason: reasonOf(err) }
      }
    })
  )
  lookUps.close()
  return found
}

async function run(args, { stdout, fail, help, note, onInterrupt }) {
  const { values, positionals } = options.parse(args, OPTIONS)
  if (values.help) return help()
  const { family, timeout } = options.network(values, TIMEOUT_S)
  const count = options.integer(values, 'count', 1, 2 ** 31 - 1) ?? Infinity
  const interval = options.seconds(values, 'interval', INTERVAL_S, LEAST_INTERVAL_S)
  const format = options.format(values)
  const trackers = await readTrackers({ values, positionals, note, what: 'ping' })
  const PingTarget = require('../ping-target.js')

  const hosts = await addressesOf(trackers, { family, timeout })
  const unresolved = hosts.filter(({ addresses }) => addresses === undefined)
  for (const { tracker, reason } of unresolved) fail(`${tracker.url}: ${reason}`)
  const targets = []
  for (const { tracker, addresses = [] } of hosts) {
    for (const found of addresses) {
      const short = shortName(tracker.url)
      const name = addresses.length > 1 ? `${short} ${found.address}` : short
      const target = new PingTarget({
        tracker,
        found,
        name,
        timeout,
        onOutcome: (one) => onOutcome(target, one)
      })
      targets.push(target)
    }
  }

  const printer = new Printer(stdout, format, targets)
  const isOver = () => targets.every(({ seq, waiting }) => seq >= count && waiting.size === 0)
  let finish
  const finished = new Promise((resolve) => (finish = resolve))
  let timer
  const onOutcome = (target, one) => {
    printer.outcome(target, one)
    if (isOver()) finish()
  }
  const round = () => {
    for (const target of targets) if (target.seq < count) target.send()
  }
  const end = async () => {
    clearInterval(timer)
    for (const target of targets) target.close()
    await printer.end(unresolved)
    const answered = new Set(
      targets.filter(({ roundTrips }) => roundTrips.received > 0).map(({ tracker }) => tracker)
    )
    return trackers.every((tracker) => answered.has(tracker)) ? 0 : 1
  }
  onInterrupt(end)

  await printer.begin({ interval })
  if (targets.length > 0) {
    timer = setInterval(round, interval)
    round()
    await finished
  }
  return end()
}

module.exports = { run, HELP, OPTIONS }
