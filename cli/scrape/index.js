// `scrape`, its help and its options: the numbers of any number of torrents.
'use strict'

const net = require('node:net')
const { linesOf, readJobs, recordOf } = require('../input/jobs.js')
const options = require('../options.js')
const { errorFields, reasonOf } = require('../output/failures.js')
const { jsonLine } = require('../output/formats.js')
const { redacted } = require('../output/names.js')
const { Progress } = require('../output/progress.js')
const { grouped, counted } = require('../output/text.js')
const Waiting = require('../output/waiting.js')
const JobScrape = require('./job-scrape.js')
const ScrapePrinter = require('./printer.js')
const { FAILED, WORKED, WRONG_USE } = require('../exit-codes.js')

const SORTS = ['seeds', 'leechers', 'completed']

const DESCRIPTION = {
  name: 'scrape',
  usage: ['[URL...] HASH... [options]'],
  about: [
    'How many peers torrents have: seeds, leechers, and how often they were',
    'downloaded to the end, in the order asked, as it comes in. The first failure of',
    'a tracker ends its scrape; what has come in by then is printed.'
  ],
  things: [options.URL_OF_HASH, options.HASH],
  lines: [
    ['--url URL', 'the same as an argument'],
    options.LISTS,
    ['--files', 'lines of lists may be paths of .torrent files'],
    ['--sort seeds|leechers|completed', 'the most first, all of it at the end'],
    options.FAMILY,
    options.WAY_OUT,
    options.timeoutLine('give up if nothing has come in for so long (15)'),
    options.FORMAT,
    options.REDACT
  ],
  words: { format: options.FORMATS },
  examples: [
    'bittorrent-udp-tracker scrape debian.torrent',
    'bittorrent-udp-tracker scrape tracker.example.org:6969 95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788',
    'bittorrent-udp-tracker scrape tracker.example.org:6969 --file hashes.txt --sort seeds | head',
    'ls *.torrent | bittorrent-udp-tracker scrape tracker.example.org:6969 - --files --format csv'
  ]
}

async function run({ values, positionals, env, stdout, stderr, fail, note, onInterrupt }) {
  const network = options.network(values, env)
  const format = options.format(values)
  const sort = options.oneOf(values, 'sort', SORTS)
  const nameOf = options.isRedacted(values) ? redacted : (url) => url
  const { jobs, invalid } = await readJobs({ values, positionals, note }, 'scrape')
  const { TrackerError } = require('../../index.js')

  if (format === 'json') await stdout.lines(invalid.map((one) => jsonLine(recordOf(one))))
  else for (const line of linesOf(invalid)) fail(line)
  const printer = new ScrapePrinter({ stdout, format, sort, jobs, nameOf })
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
  const interruption = new AbortController()
  const scrapes = jobs.map((job, jobIndex) => {
    return new JobScrape(job, {
      ...network,
      signal: interruption.signal,
      onProgress: () => (progress.done = answered()),
      onRows: (rows, places) => printer.add(jobIndex, rows, places)
    })
  })
  const ofAll = (done, all) =>
    `${grouped(done)} of ${counted(all, 'info-hash', 'info-hashes')} answered`
  onInterrupt(async () => {
    progress.end()
    interruption.abort()
    await Promise.allSettled(runs)
    await printer.end()
    fail(`interrupted, ${ofAll(answered(), total)}`)
  })

  const tell = async (scrape, jobIndex) => {
    const url = nameOf(jobs[jobIndex].tracker.url)
    try {
      await runs[jobIndex]
    } catch (error) {
      if (interruption.signal.aborted) return
      if (!(error instanceof TrackerError)) throw error
      await printer.endOf(jobIndex)
      if (format === 'json') {
        const fields = {
          type: 'failure',
          url,
          error: errorFields(error),
          answered: scrape.answered,
          asked: scrape.list.length
        }
        await stdout.line(jsonLine(fields))
      } else {
        const missing = scrape.list.length - scrape.answered
        fail(
          `${url}: ${reasonOf(error, network)} (${ofAll(scrape.answered, scrape.list.length)}, ${grouped(missing)} missing)`
        )
      }
      return
    }
    await printer.endOf(jobIndex)
  }
  const runs = scrapes.map((scrape) => scrape.run())
  try {
    await Promise.all(scrapes.map(tell))
  } finally {
    progress.end()
  }
  // Who interrupted it ends it.
  if (interruption.signal.aborted) await new Promise(() => {})
  await printer.end()
  if (invalid.length > 0) return WRONG_USE
  return hasAllAnswers(jobs, scrapes) ? WORKED : FAILED
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

module.exports = { ...DESCRIPTION, run }
