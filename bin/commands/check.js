'use strict'

// `check`: whether trackers work, many at once.

const { readInfoHash } = require('../info-hashes.js')
const { gather, readAll } = require('../lists.js')
const options = require('../options.js')
const Progress = require('../progress.js')
const { shown, jsonLine, counted, failureText } = require('../text.js')
const UsageError = require('../usage-error.js')

const HELP = `Usage: bittorrent-udp-tracker check URL... [options]
       bittorrent-udp-tracker check --file LIST [options]
       ... | bittorrent-udp-tracker check - [options]

Checks whether trackers work: looks each one up, connects, announces and
scrapes, over IPv4 and over IPv6 if it has addresses of both. Trackers are
checked many at once and printed as they finish, with the milliseconds of the
look-up (- if the URL has an address) and of the round trip of each step.

The torrent is one that nobody has, made up by chance, and the peer says
"stopped" at the end. Trackers that serve only their own torrents need
--info-hash with one of these. Trackers that are not UDP are left out.

  URL                  udp://host:port, with a path or without, or - for a list
                       on standard input

  --file LIST          a file with one URL a line, blank lines and # comments
                       ignored; - is standard input
  --family 4|6         IPv4 or IPv6 only
  --info-hash HASH     the torrent to ask for: hex, base32, a magnet link or
                       the path of a .torrent file
  --timeout SECONDS    give up on the look-up, and on each answer, after this
                       long (default 15); 0.5 is half a second
  --json               one object a line for each tracker and family, as they
                       finish
  -h, --help

Exit code: 0 all UDP trackers work, 1 one failed or there is none, 2 wrong use,
130 ended by Ctrl-C.
`

const OPTIONS = {
  file: { type: 'string', multiple: true },
  family: { type: 'string' },
  'info-hash': { type: 'string' },
  timeout: { type: 'string' },
  json: { type: 'boolean' }
}

const AT_ONCE = 16
const NUMBER_WIDTH = 8
const NARROWEST_NAME = 20
const COLUMNS = ['LOOK-UP', 'CONNECT', 'ANNOUNCE', 'SCRAPE']

const STYLES = { works: 'green', failed: 'red', skipped: 'yellow' }

// Runs what it is given at once as long as there is room, else when something before it has ended.
function limitTo(most) {
  let running = 0
  const waiting = []
  return async (start) => {
    if (running === most) await new Promise((resolve) => waiting.push(resolve))
    else running++
    try {
      return await start()
    } finally {
      if (waiting.length > 0) waiting.shift()()
      else running--
    }
  }
}

class Table {
  constructor(stdout, trackers, timeout) {
    this.stdout = stdout
    this.timeout = timeout
    const longest = Math.max(...trackers.map(({ url }) => shown(url).length), 'TRACKER'.length)
    // On a terminal the numbers stay in their columns; elsewhere nothing is cut.
    const others = 2 + 'FAMILY'.length + COLUMNS.length * (2 + NUMBER_WIDTH) + 2 + 'works'.length
    const room = Math.max(NARROWEST_NAME, stdout.columns - 1 - others)
    this.width = stdout.isTerminal ? Math.min(longest, room) : longest
    this.header = true
  }

  row(name, family, numbers) {
    const cells = numbers.map((number) => number.padStart(NUMBER_WIDTH))
    return [name.padEnd(this.width), family.padEnd('FAMILY'.length), ...cells].join('  ')
  }

  name(url) {
    const name = shown(url)
    return name.length > this.width ? `${name.slice(0, this.width - 1)}…` : name
  }

  lines(results) {
    let text = ''
    if (this.header) {
      const line = this.row('TRACKER', 'FAMILY', COLUMNS)
      text += `${this.stdout.paint('bold', `${line}  RESULT`)}\n`
      this.header = false
    }
    for (const result of results) {
      const { url, family, lookupMs, connectMs, announceMs, scrapeMs } = result
      const numbers = [lookupMs, connectMs, announceMs, scrapeMs]
      const cells = numbers.map((number) => (number === null ? '-' : number.toFixed(1)))
      const start = this.row(this.name(url), family === null ? '-' : `IPv${family}`, cells)
      text += `${start}  ${this.stdout.paint(STYLES[result.status], this.outcome(result))}\n`
    }
    return text
  }

  outcome({ status, reason, error }) {
    if (status === 'works') return 'works'
    if (status === 'skipped') return reason
    return `${error.step}: ${failureText(error, this.timeout)}`
  }
}

class Tally {
  constructor() {
    this.counts = { works: 0, 'works in part': 0, failed: 0, 'not checked': 0 }
  }

  add(results) {
    const has = (wanted) => results.some(({ status }) => status === wanted)
    if (has('failed')) this.counts[has('works') ? 'works in part' : 'failed']++
    else this.counts[has('works') ? 'works' : 'not checked']++
  }

  get allWork() {
    return this.counts.works > 0 && this.counts.failed + this.counts['works in part'] === 0
  }

  toString() {
    const { works, 'works in part': inPart, failed, 'not checked': left } = this.counts
    const parts = [
      `${works} ${works === 1 ? 'works' : 'work'}`,
      inPart > 0 && `${inPart} ${inPart === 1 ? 'works' : 'work'} in part`,
      failed > 0 && `${failed} failed`,
      left > 0 && `${left} not checked`
    ]
    return `${counted(works + inPart + failed + left, 'tracker')}: ${parts.filter(Boolean).join(', ')}`
  }
}

function trackersOf(things) {
  const trackers = readAll(things, (url) => ({ url, scheme: options.schemeOf(url) }))
  return [...new Map(trackers.map((tracker) => [tracker.url, tracker])).values()]
}

async function run(args, { stdout, stderr, fail, onInterrupt }) {
  const { values, positionals } = options.parse(args, OPTIONS)
  if (values.help) return stdout.write(HELP)
  const family = options.family(values)
  const timeout = options.timeoutMs(values)
  const hashText = values['info-hash']
  const infoHash = hashText === undefined ? null : readInfoHash(hashText).infoHash
  const files = values.file || []
  if (positionals.length + files.length === 0) {
    throw new UsageError('there is nothing to check: give URLs, --file LIST, or -')
  }
  const trackers = trackersOf(await gather(positionals, files))
  if (trackers.length === 0) throw new UsageError('there is no tracker in the list')

  // Loads the package, which those who only want to know how to use this need not have.
  const Checker = require('../tracker-check.js')
  const LookUps = require('../look-ups.js')
  const lookUps = new LookUps({ atOnce: AT_ONCE, timeout })
  const checker = new Checker({ family, timeout, infoHash, lookUps })
  const table = new Table(stdout, trackers, timeout)
  const tally = new Tally()
  const progress = new Progress(stderr, trackers.length, 'trackers')
  onInterrupt(() => {
    progress.end()
    fail(`interrupted, ${progress.done} of ${counted(trackers.length, 'tracker')} checked`)
  })

  try {
    await checker.warmUp()
    const limit = limitTo(AT_ONCE)
    const checkOne = async ({ url, scheme }) => {
      const results = await checker.check(url, scheme)
      progress.done++
      tally.add(results)
      if (stdout.isTerminal) progress.hide()
      await stdout.write(values.json ? results.map(jsonLine).join('') : table.lines(results))
    }
    await Promise.all(trackers.map((tracker) => limit(() => checkOne(tracker))))
  } finally {
    progress.end()
  }
  if (!values.json) await stdout.write(`\n${tally}; times in ms\n`)
  return tally.allWork ? 0 : 1
}

module.exports = { run, HELP }
