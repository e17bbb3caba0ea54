// `ping`: connects to trackers, over and over.
'use strict'

const { setMaxListeners } = require('node:events')
const { linesOf, readTrackers, recordOf } = require('../input/jobs.js')
const options = require('../options.js')
const { redacted } = require('../output/names.js')
const { jsonLine } = require('../output/formats.js')
const { FAILED, WORKED, WRONG_USE } = require('../exit-codes.js')

const INTERVAL_S = 1
const LEAST_INTERVAL_S = 0.2
const TIMEOUT_S = 5
// So long the screen waits for the families of a host to be known.
const DECIDED_AFTER_MS = 500
const SORTS = ['given', 'best', 'worst']

const DESCRIPTION = {
  name: 'ping',
  usage: ['URL... [options]'],
  about: [
    'Connects to trackers once a second, until Ctrl-C or --count: each round trip,',
    'and at the end how many were lost and how long they took. A connect is 16 bytes',
    "each way, puts nothing into a tracker's list of peers, and is not repeated.",
    'Bars are on one scale, from 1 ms to 1 s.'
  ],
  things: [options.URL],
  lines: [
    options.LISTS,
    ['-c, --count N', 'stop after N connects to each'],
    [
      '-i, --interval SECONDS',
      `between two connects (${INTERVAL_S}, at least ${LEAST_INTERVAL_S})`
    ],
    options.timeoutLine(`without an answer for so long it is lost (${TIMEOUT_S})`),
    ['--sort given|best|worst', 'the order on the screen (best if not all fit)'],
    ['-q, --quiet', 'print only what it comes to at the end'],
    options.FAMILY,
    options.WAY_OUT,
    options.FORMAT,
    options.REDACT
  ],
  words: { format: options.FORMATS },
  examples: [
    'bittorrent-udp-tracker ping tracker.example.org:6969',
    'bittorrent-udp-tracker ping --file trackers.txt --count 10',
    'bittorrent-udp-tracker ping tracker.example.org:6969 -c 60 --format openmetrics > tracker.prom'
  ]
}

// What cannot be pinged at all, and why.
function problemOf({ scheme, problem }) {
  return scheme !== 'udp' ? `not UDP (${scheme})` : problem
}

async function run({ values, positionals, env, stdout, fail, note, onInterrupt }) {
  const { family, ...network } = options.network(values, env, { timeout: TIMEOUT_S })
  const count = options.integer(values, 'count', 1, 2 ** 31 - 1) ?? Infinity
  const interval = options.seconds(values, 'interval', INTERVAL_S, LEAST_INTERVAL_S)
  const format = options.format(values)
  const sort = options.oneOf(values, 'sort', SORTS)
  const { trackers, invalid } = await readTrackers({ values, positionals, note }, 'ping')
  const { targetsOf } = require('./target.js')
  const PingPrinter = require('./printer.js')

  if (format === 'json') await stdout.lines(invalid.map((one) => jsonLine(recordOf(one))))
  else for (const line of linesOf(invalid)) fail(line)
  const unusable = trackers.filter((tracker) => problemOf(tracker) !== null)
  for (const tracker of unusable) fail(`${tracker.url}: ${problemOf(tracker)}`)

  const abort = new AbortController()
  setMaxListeners(0, abort.signal)
  const way = { ...network, signal: abort.signal }
  const targets = trackers
    .filter((tracker) => problemOf(tracker) === null)
    .flatMap((tracker) => targetsOf(tracker, family, way, (target, one) => onOutcome(target, one)))
  const nameOf = options.isRedacted(values) ? redacted : (url) => url
  const printer = new PingPrinter(
    { stdout, format, sort, interval, nameOf, isQuiet: values.quiet },
    targets
  )

  let isLate = false
  let finish
  let crash
  const finished = new Promise((resolve, reject) => ([finish, crash] = [resolve, reject]))
  const isOver = () =>
    targets.every(
      ({ seq, waiting, state }) => state === 'absent' || (seq >= count && waiting === 0)
    )
  // As ping(8) does when nothing that is named exists.
  const isHopeless = () =>
    areKnown() && targets.every(({ state, error }) => state === 'absent' || error?.code === 'DNS')
  const areKnown = () => targets.every(({ state }) => state !== 'unknown')
  const onOutcome = (target, one) => {
    if (areKnown() || isLate) printer.decide()
    printer.outcome(target, one)
  }
  const send = async (target) => {
    await target.send()
    if (areKnown()) printer.decide()
    if (isOver() || (target.seq === 1 && isHopeless())) finish()
  }
  const round = () => {
    for (const target of targets) {
      if (target.seq < count && target.state !== 'absent') send(target).catch(crash)
    }
  }
  let timer
  let ended = null
  const end = async () => {
    clearInterval(timer)
    abort.abort()
    await printer.end()
    const answered = new Set(
      targets.filter(({ roundTrips }) => roundTrips.received > 0).map(({ tracker }) => tracker)
    )
    if (invalid.length > 0) return WRONG_USE
    return trackers.every((tracker) => answered.has(tracker)) ? WORKED : FAILED
  }
  const endOnce = () => (ended ??= end())
  onInterrupt(endOnce)
  if (targets.length > 0) {
    const decide = setTimeout(() => {
      isLate = true
      if (printer.held.length > 0) printer.decide()
    }, DECIDED_AFTER_MS)
    timer = setInterval(round, interval)
    round()
    await finished
    clearTimeout(decide)
  }
  return endOnce()
}

module.exports = { ...DESCRIPTION, run }
