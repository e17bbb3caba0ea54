// Runs program.js under valgrind's memcheck against a tracker in this process, and fails if an error has the addon in its
// stack: bytes that were never written or are freed already, and memory that nobody can free any more.
'use strict'

const { execFileSync, spawn } = require('node:child_process')
const dgram = require('node:dgram')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const wire = require('../support/wire.js')
const { readReport } = require('./errors.js')

const root = path.join(__dirname, '../..')
const target = path.join(root, 'target/valgrind')
const addon = path.join(target, 'addon-under-valgrind.node')
const report = path.join(target, 'report.xml')

// The addon as it is released, but with its functions' names and lines.
function build() {
  const options = ['strip="none"', 'debug="line-tables-only"', 'lto="off"', 'codegen-units=16']
  const config = options.flatMap((option) => ['--config', `profile.release.${option}`])
  const args = ['build', '--release', '--locked', '--lib', '--target-dir', target, ...config]
  execFileSync('cargo', args, { cwd: root, stdio: 'inherit' })
  fs.copyFileSync(path.join(target, 'release/libbittorrent_udp_tracker.so'), addon)
}

// Answers everything but what has /silent or /refused behind its 98 bytes.
async function startTracker() {
  const socket = dgram.createSocket('udp4')
  socket.on('message', (raw, from) => {
    const request = wire.parseRequest(raw)
    const path = request.rest?.toString('latin1') ?? ''
    if (path.includes('/silent')) return
    const peers = ['1.2.3.4:5', '255.255.255.255:65535', '10.0.0.1:80']
    const answers = {
      connect: () => wire.connectResponse(request, Buffer.alloc(8, 1)),
      announce: () => wire.announceResponse(request, { peers }),
      scrape: () =>
        wire.scrapeResponse(
          request,
          request.infoHashes.slice(0, 50).map(() => ({ seeds: 1 }))
        )
    }
    const answer = path.includes('/refused')
      ? wire.errorResponse(request, 'unregistered torrent')
      : answers[request.kind]()
    // Twice, and with noise in front, as a bad network would have it.
    for (const datagram of [Buffer.alloc(5), answer, answer])
      socket.send(datagram, from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

async function main() {
  build()
  const tracker = await startTracker()
  const began = Date.now()
  const valgrind = spawn(
    'valgrind',
    [
      '--xml=yes',
      `--xml-file=${report}`,
      '--leak-check=full',
      '--show-leak-kinds=definite',
      '--errors-for-leak-kinds=definite',
      '--num-callers=40',
      `--suppressions=${path.join(__dirname, 'node.supp')}`,
      process.execPath,
      path.join(__dirname, 'program.js'),
      `udp://127.0.0.1:${tracker.address().port}`
    ],
    {
      env: { ...process.env, NAPI_RS_NATIVE_LIBRARY_PATH: addon },
      stdio: ['ignore', 'pipe', 'inherit']
    }
  )
  let output = ''
  valgrind.stdout.setEncoding('utf8').on('data', (text) => (output += text))
  const [code] = await once(valgrind, 'close')
  tracker.close()
  if (code !== 0 || output !== 'done\n')
    throw new Error(`the program ended with ${code}: ${output}`)

  const { ours, others } = readReport(fs.readFileSync(report, 'utf8'), path.basename(addon))
  const seconds = Math.round((Date.now() - began) / 1000)
  console.log(
    `valgrind: ${ours.length} errors with the addon in their stack, ${others} of node alone, ${seconds} s`
  )
  for (const error of ours) console.error(error)
  if (ours.length > 0) process.exitCode = 1
}

main()
