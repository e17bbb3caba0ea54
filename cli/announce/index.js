// `announce`: one announce, and what the tracker answers.
'use strict'

const { randomInt } = require('node:crypto')
const UdpTracker = require('../..')
const { errorFields, reasonOf } = require('../output/failures.js')
const { jsonLine } = require('../output/formats.js')
const { readInfoHash } = require('../input/info-hashes.js')
const options = require('../options.js')
const { DEFAULT_PORT, readPeerId, peerIdText } = require('../input/peer.js')
const { Progress } = require('../output/progress.js')
const { grouped } = require('../output/text.js')
const { readUdpTracker } = require('../input/tracker-url.js')
const UsageError = require('../usage-error.js')
const Waiting = require('../output/waiting.js')

const EVENTS = ['none', 'started', 'completed', 'stopped', 'paused']

const HELP = `Usage: bittorrent-udp-tracker announce URL INFO_HASH [options]

Announces once as a peer and prints what the tracker answers: the interval,
seeds, leechers and peers. Then it says "stopped", so that the tracker does not
send peers to this machine.

  URL                  udp://host:port, with or without a path; host:port is
                       enough
  INFO_HASH            40 digits of hex, 32 of base32, a magnet link, or the
                       path of a .torrent file

  --event WORD         none (default), started, completed, stopped or paused
  --stay               do not say "stopped": the tracker counts this peer until
                       its interval is over, or until --event stopped with the
                       same --peer-id
  --port PORT          the port that this peer listens on (default ${DEFAULT_PORT})
  --left BYTES         still to download (default 1: a peer that wants the
                       torrent; with --event completed 0)
  --downloaded BYTES   downloaded so far (default 0)
  --uploaded BYTES     uploaded so far (default 0)
  --num-want N         how many peers are wanted (default 50); -1 leaves it to
                       the tracker
  --key N              a number that tells the tracker who this is when its
                       address changes (default 0)
  --ip ADDRESS         the IPv4 address to announce (default: the one that the
                       tracker sees)
  --family 4|6|both    IPv4 or IPv6 only, or once over each with one random
                       key unless --key is given (default: what the tracker
                       has, IPv4 first)
${options.NETWORK_HELP}
  --peer-id ID         20 bytes of text or 40 digits of hex (default: a new one
                       at random)
  --username NAME      for trackers with authentication
  --password WORD      the same
  --timeout SECONDS    give up after this long, look-up included (default 15);
                       0.5 is half a second
  --json               an object in one line, with --family both a line for
                       each; after a failure it has "error"
  -h, --help

Examples:
  bittorrent-udp-tracker announce tracker.example.org:6969 debian.torrent
  bittorrent-udp-tracker announce udp://tracker.example.org:6969/announce \\
    95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788 --json | jq -r '.peers[]'
  bittorrent-udp-tracker announce tracker.example.org:6969 debian.torrent \\
    --event started --port 51413 --stay

Exit code: 0 the tracker answered (with --family both over one of them), 1 it
failed, 2 wrong usage, 3 the package's addon is missing, 130 ended by Ctrl-C.
`

const OPTIONS = {
  event: { type: 'string' },
  stay: { type: 'boolean' },
  port: { type: 'string' },
  left: { type: 'string' },
  downloaded: { type: 'string' },
  uploaded: { type: 'string' },
  'num-want': { type: 'string' },
  key: { type: 'string' },
  ip: { type: 'string' },
  'peer-id': { type: 'string' },
  username: { type: 'string' },
  password: { type: 'string' },
  ...options.NETWORK,
  json: { type: 'boolean' }
}

// How long the end waits for the answer to "stopped", and after Ctrl-C for it to be sent.
const GOODBYE_MS = 3000
const LAST_WORD_MS = 200

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
  const network = options.network(values, { families: ['4', '6', 'both'] })
  const key = options.integer(values, 'key', 0, 2 ** 32 - 1)
  return {
    infoHash,
    peerId: readPeerId(values['peer-id']),
    event,
    port: options.integer(values, 'port', 0, 65535) ?? DEFAULT_PORT,
    left: options.counter(values, 'left') ?? (event === 'completed' ? 0n : 1n),
    downloaded: options.counter(values, 'downloaded') ?? 0n,
    uploaded: options.counter(values, 'uploaded') ?? 0n,
    numWant: options.integer(values, 'num-want', -1, 2 ** 31 - 1),
    // Over both families, it is by the key that a tracker knows the two as one, when they say "stopped" as well.
    key: key ?? (network.family === 'both' ? randomInt(2 ** 32) : undefined),
    ip: options.ipv4(values, 'ip'),
    auth: credentials(values),
    ...network
  }
}

function minutes(seconds) {
  return seconds >= 60 ? ` (${grouped(Math.round(seconds / 60))} min)` : ''
}

const line = ([name, value]) => [['bold', name.padEnd(9)], '  ', value]

function answerLines({ interval, seeds, leechers, peers }) {
  const fields = [
    ['interval', `${grouped(interval)} s${minutes(interval)}`],
    ['seeds', ['green', grouped(seeds)]],
    ['leechers', ['yellow', grouped(leechers)]],
    ['peers', grouped(peers.length)]
  ]
  return [...fields.map(line), ...peers.map((peer) => `           ${peer}`)]
}

function forPeople(url, request, outcomes) {
  const about = [
    ['tracker', url],
    ['info-hash', request.infoHash],
    ['peer ID', peerIdText(request.peerId)]
  ]
  const lines = about.map(line)
  if (request.family !== 'both') return [...lines, ...answerLines(outcomes[0].answer)]
  for (const { family, answer, error } of outcomes) {
    lines.push('', [['bold', `IPv${family}`]])
    if (error === null) lines.push(...answerLines(answer))
    else lines.push(line(['failed', ['red', reasonOf(error, request.timeout)]]))
  }
  return lines
}

// An object for each family, which says so if there are two.
function forPrograms(about, { family: wanted }, outcomes) {
  return outcomes.map(({ family, answer, error }) => {
    const which = wanted === 'both' ? { family } : {}
    return jsonLine({
      ...about,
      ...which,
      ...(error === null ? answer : { error: errorFields(error) })
    })
  })
}

/** Announces: `[{family, answer, error}]`, two of them over both families; `error` is a TrackerError, or `null`. */
async function announce(url, request) {
  const { family } = request
  const outcomeOf = (family, value) =>
    value instanceof UdpTracker.TrackerError
      ? { family, answer: null, error: value }
      : { family, answer: value, error: null }
  let found
  try {
    found = await UdpTracker.announce(url, request)
  } catch (error) {
    if (!(error instanceof UdpTracker.TrackerError)) throw error
    found = family === 'both' ? error.errors : error
  }
  if (family !== 'both') return [outcomeOf(family, found)]
  return [4, 6].map((one) => outcomeOf(one, found[one]))
}

/** Says "stopped", over each family once: a tracker is left with nothing, unless the peer is to stay. */
class Goodbye {
  constructor(url, request) {
    this.url = url
    this.request = request
    this.said = new Map()
  }

  /** Resolves when the tracker has taken it; rejects with a TrackerError. */
  say(family) {
    if (!this.said.has(family)) {
      const timeout = Math.min(this.request.timeout, GOODBYE_MS)
      const last = { ...this.request, family, event: 'stopped', numWant: 0, timeout }
      this.said.set(family, UdpTracker.announce(this.url, last))
    }
    return this.said.get(family)
  }

  /** Resolves when it has been sent, whatever becomes of it. */
  async send(families) {
    if (families.length === 0) return
    const sent = new Promise((resolve) => setTimeout(resolve, LAST_WORD_MS))
    await Promise.race([Promise.allSettled(families.map((family) => this.say(family))), sent])
  }
}

async function run(args, { stdout, stderr, fail, note, help, onInterrupt }) {
  const { values, positionals } = options.parse(args, OPTIONS)
  if (values.help) return help()
  const [urlText, hashText, ...rest] = positionals
  const { url, parts } = readUdpTracker(urlText)
  if (hashText === undefined) throw new UsageError('the info-hash is missing')
  if (rest.length > 0) throw new UsageError(`announce takes one info-hash, got ${rest.length + 1}`)
  const { infoHash } = await readInfoHash(hashText)
  const request = requestOf(values, infoHash)
  const isToStop = !values.stay && request.event !== 'stopped'

  const about = { url, infoHash, peerId: peerIdText(request.peerId) }
  const waiting = new Waiting({ isWatched: stderr.canErase, isAddress: parts.family !== 0 })
  const progress = new Progress({ stdout, stderr }, { what: () => String(waiting) })
  const isBoth = request.family === 'both'
  const goodbye = new Goodbye(url, request)
  const interrupt = new AbortController()
  onInterrupt(async () => {
    progress.end()
    // Sent again behind "stopped", it would put the peer back.
    interrupt.abort()
    if (isToStop) await goodbye.send(isBoth ? [4, 6] : [request.family])
  })

  let outcomes
  try {
    outcomes = await announce(url, { ...request, signal: interrupt.signal })
  } catch (error) {
    if (!interrupt.signal.aborted) throw error
    return new Promise(() => {}) // whoever interrupted ends the process
  } finally {
    progress.end()
  }
  const answered = outcomes.filter(({ error }) => error === null)
  if (values.json) await stdout.lines(forPrograms(about, request, outcomes))
  else if (answered.length > 0) await stdout.lines(forPeople(url, request, outcomes))
  else {
    const reasons = outcomes.map(({ family, error }) => {
      return `${isBoth ? `IPv${family}: ` : ''}${reasonOf(error, request.timeout)}`
    })
    fail(`${url}: ${reasons.join('; ')}`)
  }
  if (isToStop) {
    // It may have heard of the peer, although its answer is not here.
    const silent = outcomes.filter(({ error }) => error?.code === 'TIMEOUT')
    const sent = goodbye.send(silent.map(({ family }) => family))
    const take = async ({ family }) => {
      try {
        await goodbye.say(family)
      } catch (error) {
        if (!(error instanceof UdpTracker.TrackerError)) throw error
        note(
          `the tracker did not take "stopped"${isBoth ? ` over IPv${family}` : ''}: ${reasonOf(error)}; it counts this peer until its interval is over`
        )
      }
    }
    await Promise.all([sent, ...answered.map(take)])
  }
  return answered.length > 0 ? 0 : 1
}

module.exports = { run, HELP, OPTIONS }
