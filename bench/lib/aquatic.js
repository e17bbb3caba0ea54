// The tracker that everything is measured against, aquatic_udp, and the native load generator that belongs to it. Both
// are built from crates.io once and kept in a folder beside this one. They listen and send on loopback only.
'use strict'

const { execFileSync, spawn } = require('node:child_process')
const dgram = require('node:dgram')
const fs = require('node:fs')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')

const VERSION = '0.9.0'
const ROOT = path.join(__dirname, '..', '.aquatic')
const CONFIGS = path.join(__dirname, '..', '.run')
const HOST = '127.0.0.1'
const STARTS_WITHIN = 5000

// What aquatic_udp asks for itself; the system cuts it down. 0 leaves the socket with the system's default.
const LARGE_BUFFER = 8000000

const CRATES = {
  // Its default features add a Prometheus endpoint, whose locked dependency current compilers refuse.
  aquatic_udp: ['--no-default-features', '--features', 'mimalloc'],
  aquatic_udp_load_test: []
}

const binary = (name) => path.join(ROOT, 'bin', process.platform === 'win32' ? `${name}.exe` : name)

/** Builds what is missing: a minute and a half the first time. */
function install() {
  for (const [crate, options] of Object.entries(CRATES)) {
    if (fs.existsSync(binary(crate))) continue
    const command = ['install', '--locked', '--root', ROOT, `${crate}@${VERSION}`, ...options]
    console.log(`cargo install ${crate}@${VERSION}`)
    execFileSync('cargo', [...command, '--quiet'], { stdio: ['ignore', 'inherit', 'inherit'] })
  }
}

function writeConfig(name, text) {
  fs.mkdirSync(CONFIGS, { recursive: true })
  const file = path.join(CONFIGS, `${name}-${process.pid}.toml`)
  fs.writeFileSync(file, text)
  return file
}

/** A bound UDP socket on loopback that never answers. */
async function silentTracker() {
  const socket = dgram.createSocket('udp4')
  await new Promise((resolve) => socket.bind(0, HOST, resolve))
  const { port } = socket.address()
  return {
    url: `udp://${HOST}:${port}`,
    host: HOST,
    port,
    pid: 0,
    stop: async () => socket.close()
  }
}

async function freePort() {
  const socket = dgram.createSocket('udp4')
  await new Promise((resolve) => socket.bind(0, HOST, resolve))
  const { port } = socket.address()
  await new Promise((resolve) => socket.close(resolve))
  return port
}

/** Whether something on this port answers a connect request. */
async function answers(port) {
  const socket = dgram.createSocket('udp4')
  socket.on('error', () => {})
  const request = Buffer.from('0000041727101980000000000000002a', 'hex')
  const answer = new Promise((resolve) => socket.once('message', () => resolve(true)))
  socket.send(request, port, HOST)
  const answered = await Promise.race([answer, sleep(20, false)])
  socket.close()
  return answered
}

/** Starts a tracker with one thread at its socket. `stop` ends it. */
async function startTracker({ receiveBuffer = LARGE_BUFFER } = {}) {
  const port = await freePort()
  const config = writeConfig(
    `tracker-${port}`,
    `socket_workers = 1
[network]
address = "${HOST}:${port}"
socket_recv_buffer_size = ${receiveBuffer}
[cleaning]
max_connection_age = 3600
`
  )
  const child = spawn(binary('aquatic_udp'), ['-c', config], { stdio: 'ignore' })
  const kill = () => {
    child.kill('SIGKILL')
    fs.rmSync(config, { force: true })
  }
  process.once('exit', kill)
  const ended = new Promise((resolve) => child.once('close', resolve))
  const stop = async () => {
    process.removeListener('exit', kill)
    kill()
    await ended
  }
  const until = Date.now() + STARTS_WITHIN
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > until) {
      await stop()
      throw new Error('aquatic_udp does not answer')
    }
  }
  return { url: `udp://${HOST}:${port}`, host: HOST, port, pid: child.pid, stop }
}

/**
 * Runs the native load generator, announces only, and returns the answers it got in a second. Its answers are as short
 * as those that the other competitors get: no peers, or one.
 */
async function loadTest({ host, port, seconds = 5, torrents = 10000 }) {
  const config = writeConfig(
    `load-${port}`,
    `server_address = "${host}:${port}"
workers = 1
duration = ${seconds}
extra_statistics = false
[requests]
number_of_torrents = ${torrents}
number_of_peers = ${torrents}
announce_peers_wanted = 1
weight_connect = 0
weight_announce = 1
weight_scrape = 0
`
  )
  const child = spawn(binary('aquatic_udp_load_test'), ['-c', config])
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const limit = setTimeout(kill, (seconds + 15) * 1000)
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  child.stderr.resume()
  await new Promise((resolve) => child.once('close', resolve))
  clearTimeout(limit)
  process.removeListener('exit', kill)
  fs.rmSync(config, { force: true })
  const report = output.slice(output.indexOf('# aquatic load test report'))
  const found = /Announce responses:\s+([\d.]+)/.exec(report)
  if (!found) throw new Error('aquatic_udp_load_test reports nothing')
  return Number(found[1])
}

module.exports = { install, loadTest, silentTracker, startTracker }
