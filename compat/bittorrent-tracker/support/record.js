// Plays a scenario on one implementation against a scripted tracker and gives what was seen on both sides.
'use strict'

const { spawn } = require('node:child_process')
const dgram = require('node:dgram')
const { EventEmitter, once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const readline = require('node:readline')
const { startScriptedTracker } = require('../../../__test__/support/scripted-tracker.js')

const PLAY = path.join(__dirname, 'play.mjs')

// 2^64 - 1
const NOT_KNOWN = 18446744073709551615n

// Far more than any scenario takes.
const LIMIT_MS = 60_000

/**
 * `sends`: what the tracker got but connects, each once, without the numbers that are different each time. Ours repeats a
 * datagram whose answer is late, as it is on a busy machine. `reports`: what the client's
 * side saw. `exit`: how its process ended.
 */
async function record(t, scenario, implementation, { execPath = process.execPath } = {}) {
  // The words of each side to the other one: `told` and `say` of the client's.
  const heard = new EventEmitter()
  const stage = {
    tell: (word) => child.stdin.write(`${word}\n`),
    said: (word) => once(heard, word)
  }
  const script = Object.fromEntries(
    Object.entries(scenario.tracker || {}).map(([kind, answer]) => [
      kind,
      typeof answer === 'function' ? (request, tracker) => answer(request, tracker, stage) : answer
    ])
  )
  const tracker = await startScriptedTracker(t, script)
  const url = `${tracker.url}${scenario.path || ''}`
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scenario-'))
  const file = path.join(folder, 'reports')
  fs.writeFileSync(file, '')
  const child = spawn(
    execPath,
    ['--no-deprecation', PLAY, implementation, scenario.file, scenario.name, url, file],
    { stdio: ['pipe', 'pipe', 'pipe'] }
  )
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
  child.stdin.on('error', () => {}) // the client may be gone before it is told
  readline.createInterface({ input: child.stdout }).on('line', (line) => heard.emit(line))
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
  const [code, signal] = await once(child, 'close')
  clearTimeout(limit)
  await drain(tracker)
  const reports = fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  fs.rmSync(folder, { recursive: true })

  const requests = tracker.requests.filter(({ kind }) => kind === 'announce' || kind === 'scrape')
  const exit = signal || code
  return { sends: [...new Set(requests.map(sent))], reports, exit, stderr }
}

// Resolves when the tracker has read what was sent to it before: loopback keeps the order.
async function drain(tracker) {
  const { address, port, socket } = tracker
  const probe = dgram.createSocket(tracker.socket.type)
  const marker = Buffer.from('drain')
  const arrived = new Promise((resolve) => {
    socket.on('message', (raw) => raw.equals(marker) && resolve())
  })
  probe.send(marker, port, address)
  await arrived
  probe.close()
  await tracker.close()
}

// All of a request that is not another number each time.
function sent(request) {
  if (request.kind === 'scrape') {
    const hex = request.raw.subarray(16).toString('hex')
    return ['scrape', ...(hex.match(/.{1,40}/g) || [])].join(' ')
  }
  const { infoHash, peerId, downloaded, left, uploaded, event, ip, key, numWant, port } = request
  return [
    'announce',
    infoHash.toString('hex'),
    peerId.toString(),
    `event ${event}`,
    `downloaded ${downloaded}`,
    `left ${left === NOT_KNOWN ? 'unknown' : left}`,
    `uploaded ${uploaded}`,
    `ip ${ip} key ${key} numwant ${numWant} port ${port}`,
    ...(request.rest.length > 0 ? [`and ${request.rest.toString('latin1')}`] : [])
  ].join(', ')
}

module.exports = { record }
