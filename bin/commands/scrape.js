'use strict'

// `scrape`: the numbers of any number of torrents at one tracker.

const { TrackerError } = require('../..')
const ChunkedScrape = require('../chunked-scrape.js')
const { readInfoHash } = require('../info-hashes.js')
const { gather, readAll } = require('../lists.js')
const options = require('../options.js')
const Progress = require('../progress.js')
const { shown, jsonLine, grouped, counted, failureText } = require('../text.js')
const UsageError = require('../usage-error.js')

const HELP = `Usage: bittorrent-udp-tracker scrape URL HASH... [options]
       bittorrent-udp-tracker scrape URL --file LIST [options]
       ... | bittorrent-udp-tracker scrape URL - [options]

Asks a tracker how many peers torrents have: seeds, leechers, and how often
they were downloaded to the end. Results come in the order asked, while the
rest is still under way. The first failure ends the scrape.

  URL                  udp://host:port, with a path or without
  HASH                 40 digits of hex, 32 of base32, a magnet link, the path
                       of a .torrent file, or - for a list on standard input

  --file LIST          a file with one of these a line, blank lines and #
                       comments ignored; - is standard input
  --family 4|6         IPv4 or IPv6 only (default: what the tracker has, IPv4
                       first)
  --timeout SECONDS    give up when a request, of 70 torrents, has no answer
                       after this long (default 15); 0.5 is half a second
  --json               one object a line; after a failure the last one has
                       "error"
  -h, --help

Exit code: 0 all is answered, 1 the tracker failed, 2 wrong use, 130 ended by
Ctrl-C.
`

const OPTIONS = {
  file: { type: 'string', multiple: true },
  family: { type: 'string' },
  timeout: { type: 'string' },
  json: { type: 'boolean' }
}

const HASH_WIDTH = 40
const NUMBER_WIDTH = 9

const tableRow = (infoHash, numbers, from) =>
  [infoHash, ...numbers.map((number) => number.padStart(NUMBER_WIDTH))].join('  ') +
  (from === null ? '\n' : `  ${from}\n`)

class Table {
  constructor(stdout, wanted) {
    this.stdout = stdout
    this.hasNames = wanted.some(({ from }) => from !== null)
    this.header = true
  }

  lines(wanted, rows) {
    let text = ''
    if (this.header) {
      const names = ['SEEDS', 'LEECHERS', 'COMPLETED']
      const from = this.hasNames ? 'FROM' : null
      const line = tableRow('INFO-HASH'.padEnd(HASH_WIDTH), names, from)
      text += `${this.stdout.paint('bold', line.trimEnd())}\n`
      this.header = false
    }
    rows.forEach(({ infoHash, seeds, leechers, completed }, index) => {
      const { from } = wanted[index]
      const numbers = [seeds, leechers, completed].map(String)
      text += tableRow(infoHash, numbers, from === null ? null : shown(from))
    })
    return text
  }
}

function jsonLines(wanted, rows) {
  return rows
    .map((row, index) => {
      const { from } = wanted[index]
      return jsonLine(from === null ? row : { ...row, from })
    })
    .join('')
}

async function run(args, { stdout, stderr, fail, onInterrupt }) {
  const { values, positionals } = options.parse(args, OPTIONS)
  if (values.help) return stdout.write(HELP)
  const [urlText, ...hashTexts] = positionals
  const url = options.udpUrl(urlText)
  const family = options.family(values)
  const timeout = options.timeoutMs(values)
  const files = values.file || []
  if (hashTexts.length + files.length === 0) {
    throw new UsageError('there is nothing to scrape: give info-hashes, --file LIST, or -')
  }
  const wanted = readAll(await gather(hashTexts, files), readInfoHash)
  if (wanted.length === 0) throw new UsageError('there is no info-hash in the list')

  const table = new Table(stdout, wanted)
  const progress = new Progress(stderr, wanted.length, 'torrents')
  const scrape = new ChunkedScrape(
    url,
    wanted.map(({ infoHash }) => infoHash),
    {
      family,
      timeout,
      onProgress: (done) => (progress.done = done),
      onRows: (first, rows) => {
        const some = wanted.slice(first, first + rows.length)
        if (stdout.isTerminal) progress.hide()
        return stdout.write(values.json ? jsonLines(some, rows) : table.lines(some, rows))
      }
    }
  )
  const howFar = () =>
    `${grouped(scrape.answered)} of ${counted(wanted.length, 'info-hash', 'info-hashes')} answered`
  onInterrupt(() => {
    progress.end()
    scrape.passOnRest()
    fail(`interrupted, ${howFar()}`)
  })

  try {
    await scrape.run()
    return 0
  } catch (err) {
    if (err.code === 'BAD_URL') throw new UsageError(shown(err.message))
    if (!(err instanceof TrackerError)) throw err
    progress.end()
    if (values.json) {
      const error = { code: err.code, message: err.message }
      await stdout.write(jsonLine({ url, error, answered: scrape.answered, asked: wanted.length }))
    } else {
      fail(`${shown(url)}: ${failureText(err, timeout)} (${howFar()})`)
    }
    return 1
  } finally {
    progress.end()
  }
}

module.exports = { run, HELP }
