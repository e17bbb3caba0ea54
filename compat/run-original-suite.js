// Runs the original's own test suite, byte for byte, against the package in this repository, or with
// `--original` against the original itself, which checks this harness rather than the package.
// Exits 0 only if every one of the suite's tests ran and passed.
'use strict'

const { spawn } = require('node:child_process')
const { createHash } = require('node:crypto')
const dgram = require('node:dgram')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')

const SUITE = {
  'udp_tracker_test.js': '1bbd9358475ac7be341773718a6ca917f1564e7744fe412444a68ed710147ddf',
  'udp_server.js': '5464baf7a2af0e93ae6eb3dae00d2db2010b0d310e1d4ee927d754830716527c'
}
const TESTS = 12
// The suite's fake tracker always binds this port.
const PORT = 33333
// The original needs 10 s. Errors about a wrong transaction ID wait three seconds for a valid answer, which adds a few; what
// takes longer than this hangs.
const LIMIT_MS = 120_000

const against = process.argv.includes('--original')
  ? path.join(__dirname, 'node_modules', 'original')
  : path.dirname(__dirname)

main().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})

async function main() {
  const files = readSuite()
  await checkPortIsFree()
  const scratch = lay(files)
  try {
    const { output, end } = await run(path.join(scratch, 'test', 'udp_tracker_test.js'))
    const passed = output.match(/^ok \d+ - /gm)?.length ?? 0
    const complete = passed === TESTS && output.includes(`\n1..${TESTS}\n`)
    if (!complete || end !== 'exit code 0') {
      console.log(`# the suite ended with ${end}`)
      process.exitCode = 1
    }
    // A test that never ran is a test that failed.
    console.log(`${passed} passed, ${Math.max(TESTS - passed, 0)} failed`)
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true })
  }
}

function readSuite() {
  return Object.entries(SUITE).map(([name, expected]) => {
    const file = path.join(__dirname, 'node_modules', 'original', 'test', name)
    if (!fs.existsSync(file)) throw new Error(`${name} is missing: run npm ci in compat/ first`)
    const content = fs.readFileSync(file)
    const actual = createHash('sha256').update(content).digest('hex')
    if (actual !== expected) {
      throw new Error(`${name} is not the original's: SHA-256 ${actual}, expected ${expected}`)
    }
    return { name, content }
  })
}

async function checkPortIsFree() {
  const socket = dgram.createSocket('udp4')
  socket.bind(PORT, '127.0.0.1')
  try {
    await once(socket, 'listening')
  } catch (error) {
    throw new Error(`port ${PORT} is not free, is the suite running already? ${error.message}`)
  }
  socket.close()
  await once(socket, 'close')
}

// The suite requires `../`, and its own helpers from the node_modules above it, so it has to lie
// inside compat/ below an index.js that stands for the package.
function lay(files) {
  const parent = path.join(__dirname, 'scratch')
  fs.mkdirSync(parent, { recursive: true })
  const scratch = fs.mkdtempSync(path.join(parent, 'suite-'))
  const target = path.relative(scratch, against).split(path.sep).join('/')
  fs.writeFileSync(path.join(scratch, 'index.js'), `module.exports = require('${target}')\n`)
  fs.mkdirSync(path.join(scratch, 'test'))
  for (const { name, content } of files) {
    fs.writeFileSync(path.join(scratch, 'test', name), content)
  }
  return scratch
}

async function run(file) {
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
    process.stdout.write(text)
  })
  const [code, signal] = await once(child, 'close')
  clearTimeout(limit)
  return { output, end: signal ? `signal ${signal}` : `exit code ${code}` }
}
