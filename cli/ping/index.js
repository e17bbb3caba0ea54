// `ping`: connects to trackers, over and over.
'use strict'

const { reasonOf } = require('../output/failures.js')
const options = require('../options.js')
const PingPrinter = require('./printer.js')
const { readTrackers } = require('../input/tracker-list.js')
const { shortName } = require('../input/tracker-url.js')

const HELP = `Usage: bittorrent-udp-tracker ping URL... [options]

Connects to trackers once a second, until Ctrl-C or --count, and prints each
round trip, and at the end how many were lost and how long they took: the
shortest, the median, the 95th and 99th percentile and the longest. Each of a
tracker's addresses is asked; several stand side by side on a terminal. A
connect is 16 bytes each way, and puts nothing into a tracker's list of peers.

  URL                  udp://host:port, with or without a path; host:port is
                       enough; or - for a list on standard input

  --file LIST          a file with URLs, one a line or several with commas;
                       blank lines and # comments ignored; - is standard input
  --skip-invalid       leave out lines that are not URLs
  --count N            stop after N connects to each (default: Ctrl-C)
  --interval SECONDS   between two connects to one address (default 1, 0.2 at
                       least)
  --family 4|6         IPv4 or IPv6 only
${options.OWN_SOCKETS_HELP}
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

Exit code: 0 every tracker answered at least once, 1 one did not, 2 wrong
usage, 3 the package's addon is missing. Ctrl-C is the usual end and changes
nothing.
`

const OPTIONS = {
  ...options.LISTS,
  count: { type: 'string' },
  interval: { type: 'string' },
  ...options.OWN_SOCKETS,
  ...options.OUTPUT
}

const INTERVAL_S = 1
const LEAST_INTERVAL_S = 0.2
const TIMEOUT_S = 5

// The addresses of each tracker, or the reason why there are none.
async function addressesOf(trackers, { family, timeout, localAddresses }) {
  const { familiesOf } = require('../client/hosts.js')
  const LookUps = require('../client/look-ups.js')
  const { TrackerError } = require('../..')
  const lookUps = new LookUps({ names: trackers.length, timeout, localAddresses })
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
      } catch (error) {
        if (!(error instanceof TrackerError)) throw error
        return { tracker, reason: reasonOf(error) }
      }
    })
  )
  lookUps.close()
  return found
}

async function run(args, { stdout, fail, help, note, onInterrupt }) {
  const { values, positionals } = options.parseOwnSockets(args, OPTIONS)
  if (values.help) return help()
  const { timeout, transport, ...network } = options.network(values, { timeout: TIMEOUT_S })
  const localAddresses = transport?.localAddress ?? []
  const family = options.familyFrom(localAddresses, network.family)
  const count = options.integer(values, 'count', 1, 2 ** 31 - 1) ?? Infinity
  const interval = options.seconds(values, 'interval', INTERVAL_S, LEAST_INTERVAL_S)
  const format = options.format(values)
  const trackers = await readTrackers({ values, positionals, note, what: 'ping' })
  const { LocalAddresses } = require('../client/local-addresses.js')
  const PingTarget = require('./target.js')

  const local = new LocalAddresses(localAddresses)
  await local.check()
  const hosts = await addressesOf(trackers, { family, timeout, localAddresses })
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
        local: local.of(found.family),
        onOutcome: (one) => onOutcome(target, one)
      })
      targets.push(target)
    }
  }

  const printer = new PingPrinter(stdout, format, targets)
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
