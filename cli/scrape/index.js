// `scrape`, its help and its options: the numbers of any number of torrents.
'use strict'

const net = require('node:net')
const ChunkedScrape = require('./chunked-scrape.js')
const { errorFields, reasonOf } = require('../output/failures.js')
const { jsonLine } = require('../output/formats.js')
const { gather } = require('../input/lists.js')
const HashList = require('../input/hash-list.js')
const { readInfoHash, splitHashes } = require('../input/info-hashes.js')
const options = require('../options.js')
const { Progress } = require('../output/progress.js')
const ScrapePrinter = require('./printer.js')
const { grouped, counted, quoted } = require('../output/text.js')
const { leaveOut } = require('../input/tracker-list.js')
const { looksLikeTracker, readTracker, readUdpTracker } = require('../input/tracker-url.js')
const UsageError = require('../usage-error.js')
const Waiting = require('../output/waiting.js')

const HELP = `Usage: bittorrent-udp-tracker scrape [URL] HASH... [options]
       bittorrent-udp-tracker scrape URL --file LIST [options]
       ... | bittorrent-udp-tracker scrape URL - [options]

Asks a tracker how many peers torrents have: seeds, leechers, and how often
they were downloaded to the end. Results come in the order asked, while the
rest is still under way. The first failure ends the scrape; what has come in by
then is printed.

  URL                  udp://host:port, with or without a path; host:port is
                       enough. Without it magnet links and .torrent files are
                       asked for at the UDP trackers that they name
  HASH                 40 digits of hex, 32 of base32, a magnet link, the path
                       of a .torrent file, or - for a list on standard input

  --url URL            the same as the first argument
  --file LIST          a file with hashes and magnet links, one a line; blank
                       lines and # comments ignored; - is standard input
  --files              lines of lists may be paths of .torrent files
  --skip-invalid       leave out lines that are not info-hashes
  --family 4|6         IPv4 or IPv6 only (default: what the tracker has, IPv4
                       first)
${options.NETWORK_HELP}
  --timeout SECONDS    give up if nothing has come in for this long (default
                       15); 0.5 is half a second
  --sort KEY           seeds, leechers or completed, the most first; everything
                       is then printed at the end
  --format FORMAT      table, json (an object a line; after a failure the last
                       one has "error"), csv, or openmetrics for Prometheus
  --json               the same as --format json
  -h, --help

Examples:
  bittorrent-udp-tracker scrape tracker.example.org:6969 \\
    95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788
  bittorrent-udp-tracker scrape debian.torrent
  bittorrent-udp-tracker scrape tracker.example.org:6969 --file hashes.txt \\
    --sort seeds | head
  ls *.torrent | bittorrent-udp-tracker scrape tracker.example.org:6969 - \\
    --files --format csv

Exit code: 0 every torrent has an answer, 1 a tracker failed, 2 wrong usage, 3
the package's addon is missing, 130 ended by Ctrl-C.
`

const OPTIONS = {
  url: { type: 'string' },
  ...options.LISTS,
  files: { type: 'boolean' },
  ...options.NETWORK,
  sort: { type: 'string' },
  ...options.OUTPUT
}

const couldBeHash = (text) =>
  text === '-' || /^[0-9a-z]{20,}$/i.test(text) || /^magnet:|\.torrent$|[\\/]/i.test(text)

// The tracker that is given, or `null`, and the rest of the arguments.
function trackerOf({ url }, [first, ...rest]) {
  if (url !== undefined) return [readUdpTracker(url), first === undefined ? [] : [first, ...rest]]
  if (first === undefined) return [readUdpTracker(first), rest]
  if (looksLikeTracker(first) || !couldBeHash(first)) return [readUdpTracker(first), rest]
  return [null, [first, ...rest]]
}

// The UDP trackers among what a torrent names; what cannot be used there is nobody's mistake here.
function udpTrackersIn(texts) {
  return texts
    .map((text) => {
      try {
        return readTracker(text)
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        return null
      }
    })
    .filter((tracker) => tracker !== null && tracker.parts !== null)
}

/** What is to be asked where: `[{tracker, list}]`. */
class Jobs {
  constructor(tracker) {
    this.tracker = tracker
    this.byUrl = new Map()
    if (tracker !== null) this.listOf(tracker)
  }

  listOf(tracker) {
    const { url } = tracker
    if (!this.byUrl.has(url)) this.byUrl.set(url, { tracker, list: new HashList() })
    return this.byUrl.get(url).list
  }

  add({ infoHash, from, trackers }, text) {
    if (this.tracker !== null) return this.listOf(this.tracker).add(infoHash, from)
    const found = udpTrackersIn(trackers)
    if (found.length === 0) {
      throw new UsageError(`${quoted(text)} names no UDP tracker: give a URL before it`)
    }
    for (const tracker of found) this.listOf(tracker).add(infoHash, from)
  }
}

async function jobsOf(values, positionals, note) {
  const [tracker, hashTexts] = trackerOf(values, positionals)
  const files = values.file || []
  if (hashTexts.length + files.length === 0) {
    throw new UsageError('nothing to scrape: give info-hashes, --file LIST, or -')
  }
  const jobs = new Jobs(tracker)
  const addAll = async (texts, mayBeFile) => {
    for (const text of texts) jobs.add(await readInfoHash(text, { files: mayBeFile }), text)
  }
  const problems = await gather(hashTexts, files, (text, isArgument) => {
    const mayBeFile = isArgument || values.files === true
    const texts = splitHashes(text)
    if (texts.length > 1) return addAll(texts, false)
    const read = readInfoHash(texts[0], { files: mayBeFile })
    if (read instanceof Promise) return read.then((found) => jobs.add(found, text))
    return void jobs.add(read, text)
  })
  leaveOut(problems, values, note)
  const list = [...jobs.byUrl.values()].filter(({ list: { length } }) => length > 0)
  if (list.length === 0) throw new UsageError('the list has no info-hash')
  return list
}

async function run(args, { stdout, stderr, fail, note, help, onInterrupt }) {
  const { values, positionals } = options.parse(args, OPTIONS)
  if (values.help) return help()
  const network = options.network(values)
  const format = options.format(values)
  const sort = options.oneOf(values, 'sort', ['seeds', 'leechers', 'completed'])
  const jobs = await jobsOf(values, positionals, note)
  const { TrackerError } = require('../..')

  const printer = new ScrapePrinter({ stdout, format, sort, jobs })
  const total = jobs.reduce((sum, { list }) => sum + list.length, 0)
  const answered = () => scrapes.reduce((sum, scrape) => sum + scrape.answered, 0)
  const waiting = new Waiting({
    isWatched: stderr.canErase,
    isAddress: net.isIP(jobs[0].tracker.parts.host) !== 0
  })
  const progress = new Progress(
    { stdout, stderr },
    {
      total: total > 1 ? total : null,
      unit: 'torrents',
      what: () => (answered() === 0 ? String(waiting) : '')
    }
  )
  const scrapes = jobs.map((job, jobIndex) => {
    return new ChunkedScrape(job.tracker.url, job.list, {
      ...network,
      onProgress: () => (progress.done = answered()),
      onRows: (first, rows) => printer.add(jobIndex, first, rows)
    })
  })
  const ofAll = (done, all) =>
    `${grouped(done)} of ${counted(all, 'info-hash', 'info-hashes')} answered`
  onInterrupt(async () => {
    progress.end()
    for (const scrape of scrapes) scrape.passOnRest()
    await printer.end()
    fail(`interrupted, ${ofAll(answered(), total)}`)
  })

  const runOne = async (scrape, jobIndex) => {
    const { url } = jobs[jobIndex].tracker
    try {
      await scrape.run()
    } catch (error) {
      if (!(error instanceof TrackerError)) throw error
      await printer.endOf(jobIndex)
      if (format === 'json') {
        const fields = {
          url,
          error: errorFields(error),
          answered: scrape.answered,
          asked: scrape.infoHashes.length
        }
        await stdout.line(jsonLine(fields))
      } else {
        const missing = scrape.infoHashes.length - scrape.answered
        fail(
          `${url}: ${reasonOf(error, network.timeout)} (${ofAll(scrape.answered, scrape.infoHashes.length)}, ${grouped(missing)} missing)`
        )
      }
      return
    }
    await printer.endOf(jobIndex)
  }
  try {
    await Promise.all(scrapes.map(runOne))
  } finally {
    progress.end()
  }
  await printer.end()
  return hasAllAnswers(jobs, scrapes) ? 0 : 1
}

// Whether each torrent has an answer, from one of its trackers at least.
function hasAllAnswers(jobs, scrapes) {
  if (scrapes.every(({ failure }) => failure === null)) return true
  if (jobs.length === 1) return false
  const answered = new Set()
  scrapes.forEach((scrape, jobIndex) => {
    if (scrape.failure !== null) return
    const { list } = jobs[jobIndex]
    for (let i = 0; i < list.length; i++) answered.add(list.hexAt(i))
  })
  return jobs.every(({ list }) => {
    return Array.from({ length: list.length }, (_, i) => list.hexAt(i)).every((hash) =>
      answered.has(hash)
    )
  })
}

module.exports = { run, HELP, OPTIONS }
