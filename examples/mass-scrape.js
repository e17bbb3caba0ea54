// Asks a tracker about all info-hashes of a file, any number of them, and writes a line for each: info-hash, seeds,
// leechers, completed, with tabs in between.
//
//   node mass-scrape.js udp://tracker.example.org:6969/announce hashes.txt > numbers.tsv
//   … | node mass-scrape.js udp://tracker.example.org:6969/announce -
'use strict'

const fs = require('node:fs')
const { scrape } = require('bittorrent-udp-tracker')

const TIMEOUT_MS = 10 * 60_000

const [, , url, file] = process.argv
if (file === undefined) {
  console.error('usage: node mass-scrape.js URL FILE')
  process.exit(2)
}

function readHashes() {
  const lines = fs.readFileSync(file === '-' ? 0 : file, 'utf8').split('\n')
  return lines.map((line) => line.trim()).filter((line) => line !== '')
}

// One line that changes, on a terminal; nothing in a log.
function showProgress({ done, total }) {
  if (!process.stderr.isTTY) return
  process.stderr.write(`\r${done} of ${total} (${Math.floor((100 * done) / total)} %)`)
  if (done === total) process.stderr.write('\n')
}

async function main() {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort(new Error('interrupted')))

  const started = Date.now()
  const rows = await scrape(url, readHashes(), {
    timeout: TIMEOUT_MS,
    signal: stop.signal,
    onProgress: showProgress
  })
  const lines = rows.map((row) => [row.infoHash, row.seeds, row.leechers, row.completed].join('\t'))
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
  console.error(`${rows.length} torrents in ${Date.now() - started} ms`)
}

main().catch((error) => {
  // A TrackerError has a code besides; a wrong info-hash is a RangeError that names its place in the file.
  console.error(error.code ? `${error.code}: ${error.message}` : error.message)
  process.exitCode = 1
})
