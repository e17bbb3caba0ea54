// Trackers that other people wrote, started on loopback for a test and stopped at its end.
'use strict'

const { spawn } = require('node:child_process')
const dgram = require('node:dgram')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { withoutIPv6 } = require('./loopback')
const wire = require('./wire')

const START_MS = 10_000
const ASK_AGAIN_MS = 50

// A port that was free a moment ago.
async function freePort(address = '127.0.0.1') {
  const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.bind(0, address)
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

// Asks for a connection ID until the tracker gives one and, where it has a list of the info-hashes it serves, for one of
// them until it knows it: opentracker reads its list after it has begun to answer. `failed` rejects when the tracker
// cannot come up any more.
async function untilAnswers(address, port, failed, listed = null) {
  const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.on('error', () => {}) // nothing listens there yet
  const send = (...parts) => socket.send(Buffer.concat(parts), port, address, () => {})
  const ask = () => send(wire.PROTOCOL_ID, wire.uint32(0, 1))
  const ready = new Promise((resolve) => {
    socket.on('message', (answer) => {
      if (listed === null || (answer.readUInt32BE(0) === 1 && answer.length >= 20)) resolve()
      else if (answer.readUInt32BE(0) === 0) {
        // A stopped announce leaves nothing behind.
        const rest = [
          Buffer.alloc(20),
          Buffer.alloc(24),
          wire.uint32(3, 0, 0, 0),
          Buffer.from([0, 9])
        ]
        send(answer.subarray(8, 16), wire.uint32(1, 2), listed, ...rest)
      }
    })
  })
  const asking = setInterval(ask, ASK_AGAIN_MS)
  let late
  const timedOut = new Promise((resolve, reject) => {
    late = setTimeout(() => reject(new Error(`no tracker answers at ${address}:${port}`)), START_MS)
  })
  try {
    ask()
    await Promise.race([ready, failed, timedOut])
  } finally {
    clearInterval(asking)
    clearTimeout(late)
    socket.close()
  }
}

// Debian's opentracker. It is built for IPv4 only, and serves only the info-hashes of its white list.
async function startOpentracker(t, infoHashes) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'opentracker-'))
  fs.chmodSync(directory, 0o755) // started as root it becomes `nobody` and has to read its white list as that
  const hashes = infoHashes.map((infoHash) => `${infoHash.toString('hex')}\n`).join('')
  fs.writeFileSync(path.join(directory, 'whitelist'), hashes)
  const port = await freePort()
  fs.writeFileSync(
    path.join(directory, 'opentracker.conf'),
    // The root directory is where it looks for the white list, and what it changes its root to when it can.
    `listen.udp 127.0.0.1:${port}\ntracker.rootdir ${directory}\naccess.whitelist whitelist\n`
  )

  const child = spawn('opentracker', ['-f', path.join(directory, 'opentracker.conf')], {
    stdio: ['ignore', 'ignore', 'pipe']
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
  const gone = new Promise((resolve) => {
    child.once('error', (err) => {
      const install = 'opentracker is needed for this test: apt-get install opentracker'
      resolve(err.code === 'ENOENT' ? new Error(install) : err)
    })
    child.once('close', (code, signal) => {
      resolve(new Error(`opentracker ended with ${code === null ? signal : code}: ${stderr}`))
    })
  })
  t.after(async () => {
    child.kill()
    await gone
    fs.rmSync(directory, { recursive: true })
  })

  const failed = gone.then((err) => Promise.reject(err))
  failed.catch(() => {}) // at the end of the test it goes, and nobody waits for that any more
  await untilAnswers('127.0.0.1', port, failed, infoHashes[0])
  return { url4: `udp://127.0.0.1:${port}` }
}

// The Server of the npm module bittorrent-tracker, in this process. Over IPv6 it counts peers but names none: its UDP
// answers carry IPv4 rows only.
async function startBittorrentTracker(t) {
  const { Server } = require('bittorrent-tracker')
  const server = new Server({ udp: true, http: false, ws: false })
  const failed = once(server, 'error').then(([err]) => Promise.reject(err))
  failed.catch(() => {})
  t.after(() => new Promise((resolve) => server.close(resolve)))
  if (withoutIPv6) server.udp6.removeAllListeners('error').on('error', () => {})
  server.listen(0, { udp: '127.0.0.1', udp6: '::1' })
  await Promise.race([once(withoutIPv6 ? server.udp4 : server, 'listening'), failed])

  const port4 = server.udp4.address().port
  await untilAnswers('127.0.0.1', port4, failed)
  const urls = { url4: `udp://127.0.0.1:${port4}` }
  if (withoutIPv6) return urls
  const port6 = server.udp6.address().port
  await untilAnswers('::1', port6, failed)
  return { ...urls, url6: `udp://[::1]:${port6}` }
}

module.exports = { freePort, startOpentracker, startBittorrentTracker }
