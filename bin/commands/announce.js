'use strict'

// `announce`: one announce, and what the tracker answers.

const UdpTracker = require('../..')
const { readInfoHash } = require('../info-hashes.js')
const options = require('../options.js')
const { DEFAULT_PORT, readPeerId, peerIdText } = require('../peer.js')
const { shown, jsonLine, grouped, failureText } = require('../text.js')
const UsageError = require('../usage-error.js')

const EVENTS = ['none', 'started', 'completed', 'stopped']

const HELP = `Usage: bittorrent-udp-tracker announce URL INFO_HASH [options]

Announces once as a peer and prints what the tracker answers: the interval,
seeds, leechers and peers. The tracker counts this peer until its interval is
over, or until it is announced with --event stopped and the same --peer-id.

  URL                  udp://host:port, with a path or without
  INFO_HASH            40 digits of hex, 32 of base32, a magnet link, or the
                       path of a .torrent file

  --event WORD         none (default), started, completed or stopped
  --port PORT          the port that this peer listens on (default ${DEFAULT_PORT})
  --left BYTES         still to download (default 1: a peer that wants the
                       torrent; with --event completed 0)
  --downloaded BYTES   downloaded so far (default 0)
  --uploaded BYTES     uploaded so far (default 0)
  --num-want N         how many peers are wanted (default 50); -1 leaves it to
                       the tracker
  --key N              a number by which the tracker knows this peer when its
                       address changes (default 0)
  --ip ADDRESS         the IPv4 address to announce (default: the one that the
                       tracker sees)
  --family 4|6         IPv4 or IPv6 only (default: what the tracker has, IPv4
                       first)
  --peer-id ID         20 bytes of text or 40 digits of hex (default: a new one
                       by chance)
  --username NAME      for trackers with authentication
  --password WORD      the same
  --timeout SECONDS    give up after this long, look-up included (default 15);
                       0.5 is half a second
  --json               one object in one line; after a failure it has "error"
  -h, --help

Exit code: 0 the tracker answered, 1 it failed, 2 wrong use, 130 ended by
Ctrl-C.
`

const OPTIONS = {
  event: { type: 'string' },
  port: { type: 'string' },
  left: { type: 'string' },
  downloaded: { type: 'string' },
  uploaded: { type: 'string' },
  'num-want': { type: 'string' },
  key: { type: 'string' },
  ip: { type: 'string' },
  family: { type: 'string' },
  'peer-id': { type: 'string' },
  username: { type: 'string' },
  password: { type: 'string' },
  timeout: { type: 'string' },
  json: { type: 'boolean' }
}

function credentials({ username, password }) {
  if (username === undefined && password === undefined) return undefined
  if (username === undefined) throw new UsageError('--password needs --username')
  if (password === undefined) throw new UsageError('--username needs --password')
  if (Buffer.byteLength(username) > 255) {
    throw new UsageError('--username must be at most 255 bytes long')
  }
  return { username, password }
}

function requestOf(values, infoHash) {
  const event = options.oneOf(values, 'event', EVENTS) || 'none'
  return {
    infoHash,
    peerId: readPeerId(values['peer-id']),
    event,
    port: options.integer(values, 'port', 0, 65535) ?? DEFAULT_PORT,
    left: options.counter(values, 'left') ?? (event === 'completed' ? 0n : 1n),
    downloaded: options.counter(values, 'downloaded') ?? 0n,
    uploaded: options.counter(values, 'uploaded') ?? 0n,
    numWant: options.integer(values, 'num-want', -1, 2 ** 31 - 1),
    key: options.integer(values, 'key', 0, 2 ** 32 - 1),
    ip: options.ipv4(values, 'ip'),
    family: options.family(values),
    auth: credentials(values),
    timeout: options.timeoutMs(values)
  }
}

function minutes(seconds) {
  return seconds >= 60 ? ` (${grouped(Math.round(seconds / 60))} min)` : ''
}

function forPeople(out, url, request, { interval, seeds, leechers, peers }) {
  const lines = [
    ['tracker', shown(url)],
    ['info-hash', request.infoHash],
    ['peer ID', shown(peerIdText(request.peerId))],
    ['interval', `${grouped(interval)} s${minutes(interval)}`],
    ['seeds', out.paint('green', grouped(seeds))],
    ['leechers', out.paint('yellow', grouped(leechers))],
    ['peers', grouped(peers.length)]
  ].map(([name, value]) => `${out.paint('bold', name.padEnd(9))}  ${value}\n`)
  return lines.join('') + peers.map((peer) => `           ${peer}\n`).join('')
}

async function run(args, { stdout, fail }) {
  const { values, positionals } = options.parse(args, OPTIONS)
  if (values.help) return stdout.write(HELP)
  const [urlText, hashText, ...rest] = positionals
  const url = options.udpUrl(urlText)
  if (hashText === undefined) throw new UsageError('the info-hash is missing')
  if (rest.length > 0) throw new UsageError(`announce takes one info-hash, got ${rest.length + 1}`)
  const { infoHash } = readInfoHash(hashText)
  const request = requestOf(values, infoHash)

  const about = { url, infoHash, peerId: peerIdText(request.peerId) }
  let answer
  try {
    answer = await UdpTracker.announce(url, request)
  } catch (err) {
    if (err.code === 'BAD_URL') throw new UsageError(shown(err.message))
    if (!(err instanceof UdpTracker.TrackerError)) throw err
    const error = { code: err.code, message: err.message }
    if (values.json) await stdout.write(jsonLine({ ...about, error }))
    else fail(`${shown(url)}: ${failureText(err, request.timeout)}`)
    return 1
  }
  await stdout.write(
    values.json ? jsonLine({ ...about, ...answer }) : forPeople(stdout, url, request, answer)
  )
  return 0
}

module.exports = { run, HELP }
