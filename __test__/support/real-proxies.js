// SOCKS5 proxies that other people wrote, started on loopback for a test and stopped at its end.
'use strict'

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { freePort } = require('./real-trackers.js')

const START_MS = 10_000

async function accepts(port) {
  const socket = net.connect(port, '127.0.0.1')
  return new Promise((resolve) => {
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
  }).finally(() => socket.destroy())
}

async function startProcess(t, program, args, port) {
  const child = spawn(program, args, { stdio: 'ignore' })
  const gone = new Promise((resolve) => child.once('close', resolve))
  const stop = async () => {
    child.kill()
    await gone
  }
  t.after(stop)
  const until = Date.now() + START_MS
  while (!(await accepts(port))) {
    if (Date.now() > until) throw new Error(`${program} does not listen`)
    await sleep(20)
  }
  return { port, stop, url: `socks5h://127.0.0.1:${port}` }
}

// Debian's dante-server. With `open: false` it lets nobody use UDP.
async function startDante(t, { port, open = true } = {}) {
  port = port || (await freePort())
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dante-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'danted.conf')
  fs.writeFileSync(
    file,
    `logoutput: ${directory}/log
internal: 127.0.0.1 port = ${port}
external: 127.0.0.1
clientmethod: none
socksmethod: none
client pass { from: 0/0 to: 0/0 }
socks ${open ? 'pass' : 'block'} { from: 0/0 to: 0/0 command: udpassociate }
socks pass { from: 0/0 to: 0/0 command: udpreply }
`
  )
  return startProcess(t, 'danted', ['-f', file, '-p', path.join(directory, 'pid')], port)
}

// Debian's microsocks, which knows TCP alone.
async function startMicrosocks(t, ...args) {
  const port = await freePort()
  return startProcess(t, 'microsocks', ['-i', '127.0.0.1', '-p', String(port), ...args], port)
}

module.exports = { startDante, startMicrosocks }
