// Trackers that other people wrote, started on loopback for a test and stopped at its end.
'use strict'

const { spawn } = require('node:child_process')
const dgram = require('node:dgram')
const { randomInt } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { withoutIPv6 } = require('./loopback.js')
const { AQUATIC } = require('./needs.js')
const wire = require('./wire.js')

const START_MS = 10_000
const ASK_AGAIN_MS = 50
const NONE = 0
const STOPPED = 3

// A port that was free a moment ago.
// Below the ports that systems give to those who ask for none in particular: what other tests start meanwhile is not there.
const PORTS = [10000, 32000]

async function freePort(address = '127.0.0.1') {
  for (;;) {
    const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4')
    socket.bind(randomInt(...PORTS), address)
    try {
      await once(socket, 'listening')
    } catch (error) {
      socket.close()
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error
      continue
    }
    const { port } = socket.address()
    socket.close()
    await once(socket, 'close')
    return port
  }
}

// A free port can be somebody else's by the time a tracker binds it: then another one is tried.
async function onFreePort(start) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start()
    } catch (error) {
      if (attempt === 3 || !/address already in use/i.test(error.message)) throw error
    }
  }
}

// Asks for a connection ID until the tracker gives one and, where it has a list of the info-hashes it serves, for one of
// them until it knows it: opentracker reads its list after it has begun to answer. `failed` rejects when the tracker
// cannot come up any more.
async function untilAnswers(address, port, failed, listed = null) {
  const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.on('error', () => {}) // nothing listens there yet
  const send = (...parts) => socket.send(Buffer.concat(parts), port, address, () => {})
  const ask = () => send(wire.PROTOCOL_ID, wire.uint32(0, 1))
  // An announce in a connection that the tracker has given; `event` comes back as the transaction ID.
  const announce = (connectionId, event) => {
    const peer = [Buffer.alloc(20), Buffer.alloc(24), wire.uint32(event, 0, 0, 0)]
    send(connectionId, wire.uint32(1, event), listed, ...peer, Buffer.from([0, 9]))
  }
  let served = false
  let connectionId
  const ready = new Promise((resolve) => {
    socket.on('message', (answer) => {
      const isAnnounce = answer.readUInt32BE(0) === 1 && answer.length >= 20
      if (listed === null || (isAnnounce && answer.readUInt32BE(4) === STOPPED)) return resolve()
      if (answer.readUInt32BE(0) === 0) connectionId = answer.subarray(8, 16)
      else if (!isAnnounce) return // not served yet
      served ||= isAnnounce
      // What is served now must not stay behind. To stop alone is no test: opentracker answers that one always.
      if (listed !== null) announce(connectionId, served ? STOPPED : NONE)
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

// Runs a tracker's program until the test ends, with `directory` for its files. The promise rejects when the program
// goes before that.
function startProcess(t, file, args, directory) {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text))
  }
  const name = path.basename(file)
  const gone = new Promise((resolve) => {
    child.once('error', resolve)
    child.once('close', (code, signal) => {
      resolve(new Error(`${name} ended with ${code === null ? signal : code}: ${output}`))
    })
  })
  t.after(async () => {
    child.kill()
    await gone
    fs.rmSync(directory, { recursive: true })
  })

  const failed = gone.then((error) => Promise.reject(error))
  failed.catch(() => {}) // at the end of the test it goes, and nobody waits for that any more
  return failed
}

// Debian's opentracker. It is built for IPv4 only, and serves only the info-hashes of its white list.
async function startOpentrackerOnce(t, infoHashes) {
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

  const config = path.join(directory, 'opentracker.conf')
  const failed = startProcess(t, 'opentracker', ['-f', config], directory)
  await untilAnswers('127.0.0.1', port, failed, infoHashes[0])
  return { url4: `udp://127.0.0.1:${port}` }
}

async function startAquaticOnce(t, address = '127.0.0.1') {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'aquatic-'))
  const config = path.join(directory, 'aquatic.toml')
  const port = await freePort(address)
  const host = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  fs.writeFileSync(config, `socket_workers = 1\n[network]\naddress = "${host}"\n`)
  const failed = startProcess(t, AQUATIC, ['-c', config], directory)
  await untilAnswers(address, port, failed)
  return { url: `udp://${host}` }
}

// The Server of the npm module bittorrent-tracker, in this process. Over IPv6 it counts peers but names none: its UDP
// answers carry IPv4 rows only.
async function startBittorrentTracker(t) {
  const { Server } = require('bittorrent-tracker')
  const server = new Server({ udp: true, http: false, ws: false })
  const failed = once(server, 'error').then(([error]) => Promise.reject(error))
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

const startOpentracker = (...args) => onFreePort(() => startOpentrackerOnce(...args))
const startAquatic = (...args) => onFreePort(() => startAquaticOnce(...args))

module.exports = {
  freePort,
  startOpentracker,
  startAquatic,
  startBittorrentTracker
}
