// `check`: whether trackers work, all at once.
'use strict'

const { setMaxListeners } = require('node:events')
const { readInfoHash } = require('../input/info-hashes.js')
const { readTrackers } = require('../input/jobs.js')
const options = require('../options.js')
const { shortName } = require('../output/names.js')
const { Progress, waitingFor } = require('../output/progress.js')
const { counted } = require('../output/text.js')
const { invalid: invalidRow } = require('./result.js')
const { STATUSES } = require('./statuses.js')
const Tally = require('./tally.js')
const { FAILED, WORKED, WRONG_USE } = require('../exit-codes.js')

const AT_ONCE = 1000
const MOST_AT_ONCE = 10_000

const DESCRIPTION = {
  name: 'check',
  usage: ['URL... [options]'],
  about: [
    'Whether trackers work: connects, announces and scrapes, over IPv4 and IPv6. A',
    'tracker works, gives no scrape, refuses (many serve their own torrents alone),',
    'failed, or is skipped: it is not UDP, or this machine has no way to it.'
  ],
  things: [options.URL],
  lines: [
    options.LISTS,
    ['--all', 'on a terminal: a row for each of the dead, too'],
    ['--only STATUS', 'as works,no-scrape; without --format their bare URLs'],
    ['--sort latency|name|status', 'all of them at the end'],
    ['--strict', 'exit code 1 as well if one refuses or does not scrape'],
    ['-q, --quiet', 'nothing is printed; the exit code tells the result'],
    ['--info-hash HASH', 'the torrent to ask for (a random one)'],
    ['--concurrency N', `how many trackers at once (${AT_ONCE})`],
    options.FAMILY,
    options.WAY_OUT,
    options.timeoutLine('give up on each answer after this long (15)'),
    ['--html FILE', 'a page with the results as well, without passkeys'],
    options.FORMAT,
    options.REDACT
  ],
  words: { format: options.FORMATS, only: STATUSES.map((status) => status.replace(' ', '-')) },
  examples: [
    'bittorrent-udp-tracker check tracker.example.org:6969',
    'bittorrent-udp-tracker check --file trackers.txt --only works > best.txt',
    'curl -s https://example.org/trackers.txt | bittorrent-udp-tracker check - --timeout 5 --sort latency',
    'bittorrent-udp-tracker check --file trackers.txt --format openmetrics > trackers.prom'
  ]
}

async function infoHashOf({ 'info-hash': text }) {
  return text === undefined ? null : (await readInfoHash(text)).infoHashes[0]
}

async function run({ values, positionals, stdout, stderr, fail, note, onInterrupt, env }) {
  const { timeout, transport, family } = options.network(values, env)
  const atOnce = options.integer(values, 'concurrency', 1, MOST_AT_ONCE) ?? AT_ONCE
  const infoHash = await infoHashOf(values)
  const { trackers, invalid } = await readTrackers({ values, positionals, note }, 'check')

  // Loads the package, which those who only want to know how to use this need not have.
  const Checker = require('./checker.js')
  const CheckPrinter = require('./printer.js')
  const tally = new Tally()
  const abort = new AbortController()
  setMaxListeners(0, abort.signal)
  const rows = values.html === undefined ? null : []
  const printer = new CheckPrinter({ stdout, values, trackers, tally })
  const checker = new Checker({ family, timeout, infoHash, transport, signal: abort.signal })
  const lanes = Math.min(atOnce, trackers.length)
  let started = 0
  const batches = () => Math.ceil((trackers.length - started) / lanes)
  const progress = printer.isQuiet
    ? null
    : new Progress(
        { stdout, stderr },
        {
          total: trackers.length,
          unit: 'trackers',
          limit: () => checker.limit() + batches() * timeout,
          what: (room) =>
            waitingFor(
              [...checker.running.keys()].map(({ url }) => shortName(url)),
              'tracker',
              room
            )
        }
      )
  const take = (results) => {
    tally.add(results)
    rows?.push(...results)
    return printer.add(results)
  }
  const finish = async () => {
    progress?.end()
    await printer.end()
    if (rows !== null) require('./page.js').write(values.html, { rows, tally, values })
    await checker.end()
  }
  let done = 0
  onInterrupt(async () => {
    abort.abort()
    progress?.end()
    fail(`interrupted, ${done} of ${counted(trackers.length, 'tracker')} checked`)
    await finish()
  })

  for (const line of invalid) await take([invalidRow(line)])
  const queue = trackers.values()
  const work = async () => {
    for (const tracker of queue) {
      started++
      const results = await checker.check(tracker)
      done++
      if (progress) progress.done = done
      await take(results)
    }
  }
  try {
    await Promise.all(Array.from({ length: lanes }, work))
  } catch (error) {
    if (!abort.signal.aborted) throw error
    return new Promise(() => {}) // whoever interrupted ends the process
  }
  await finish()
  if (invalid.length > 0) return WRONG_USE
  const isGood = printer.only === null ? tally.isGood(values.strict) : printer.matches > 0
  return isGood ? WORKED : FAILED
}

module.exports = { ...DESCRIPTION, run }
