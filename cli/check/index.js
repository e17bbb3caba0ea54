// `check`: whether trackers work, all at once.
'use strict'

const { readInfoHash } = require('../input/info-hashes.js')
const options = require('../options.js')
const { Progress, waitingFor } = require('../output/progress.js')
const Tally = require('./tally.js')
const { counted } = require('../output/text.js')
const { readTrackers } = require('../input/tracker-list.js')
const { shortName } = require('../input/tracker-url.js')

const HELP = `Usage: bittorrent-udp-tracker check URL... [options]
       bittorrent-udp-tracker check --file LIST [options]
       ... | bittorrent-udp-tracker check - [options]

Checks whether trackers work: looks each one up, connects to whichever of its
addresses answers first, announces and scrapes, over IPv4 and over IPv6 if it
has addresses of both. All are checked at once and printed as they finish, with
the milliseconds of the look-up and of the round trip of each step.

  works      answers everything
  no scrape  answers announces, but ignores or refuses scrapes
  refuses    answers with an error: many serve only their own torrents, so give
             one with --info-hash
  failed     does not answer
  skipped    is not UDP, or of a family that this machine has no address in

The info-hash is random, so that no real torrent is affected, and the peer
says "stopped" at the end.

  URL                  udp://host:port, with or without a path; host:port is
                       enough; or - for a list on standard input

  --file LIST          a file with URLs, one a line or several with commas;
                       blank lines and # comments ignored; - is standard input
  --skip-invalid       leave out lines that are not URLs
  --family 4|6         IPv4 or IPv6 only
${options.OWN_SOCKETS_HELP}
  --info-hash HASH     the torrent to ask for: hex, base32, a magnet link or
                       the path of a .torrent file
  --timeout SECONDS    give up on the look-up, and on each answer, after this
                       long (default 15); 0.5 is half a second
  --concurrency N      how many trackers at once (default 1000)
  --strict             trackers that refuse or do not scrape have failed
  --sort KEY           latency, name or status; everything is then
                       printed at the end
  --only STATUS        print only the URLs with this status, the fastest
                       first; several with commas, as works,no-scrape
  --quiet              print nothing; the exit code tells the result
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
--only: none has this status), 2 wrong usage, 3 the package's addon is missing,
130 ended by Ctrl-C.
`

const OPTIONS = {
  ...options.LISTS,
  ...options.OWN_SOCKETS,
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
// What the process has open besides, and what a tracker takes: a socket for each of its addresses, of which few have more.
const OTHER_FILES = 48
const FILES_A_TRACKER = 4

// How many trackers the system has file descriptors for.
function roomForTrackers() {
  const limit = Number(process.report.getReport().userLimits?.open_files.soft)
  if (!(limit > 0)) return Infinity
  return Math.max(1, Math.floor((limit - OTHER_FILES) / FILES_A_TRACKER))
}

async function run(args, { stdout, stderr, fail, note, help, onInterrupt }) {
  const { values, positionals } = options.parseOwnSockets(args, OPTIONS)
  if (values.help) return help()
  const { timeout, transport, ...network } = options.network(values)
  const localAddresses = transport?.localAddress ?? []
  const family = options.familyFrom(localAddresses, network.family)
  const atOnce = options.integer(values, 'concurrency', 1, MOST_AT_ONCE) ?? AT_ONCE
  const hashText = values['info-hash']
  const infoHash = hashText === undefined ? null : (await readInfoHash(hashText)).infoHash
  const trackers = await readTrackers({ values, positionals, note, what: 'check' })

  // Loads the package, which those who only want to know how to use this need not have.
  const CheckPrinter = require('./printer.js')
  const Checker = require('./checker.js')
  const { LocalAddresses } = require('../client/local-addresses.js')
  const LookUps = require('../client/look-ups.js')
  const tally = new Tally()
  const printer = new CheckPrinter({ stdout, values, trackers, tally })
  const local = new LocalAddresses(localAddresses)
  await local.check()
  const lookUps = new LookUps({ names: trackers.length, timeout, localAddresses })
  const checker = new Checker({ family, timeout, infoHash, lookUps, local, transport })
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
  const lanes = Math.min(atOnce, trackers.length, roomForTrackers())
  try {
    await checker.warmUp()
    await Promise.all(Array.from({ length: lanes }, work))
  } finally {
    progress?.end()
  }
  await printer.end()
  await checker.end()
  if (printer.only !== null) return printer.matches > 0 ? 0 : 1
  return tally.isGood(values.strict) ? 0 : 1
}

module.exports = { run, HELP, OPTIONS }
