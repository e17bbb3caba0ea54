// Runs one scenario against one implementation, in a process of its own because how that process
// ends is part of what is compared, and returns what was recorded.
'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
const readline = require('node:readline')
const { FakeTracker } = require('./fake-tracker.js')

const CLIENT = path.join(__dirname, 'client.js')
// Far more than any scenario takes: a process that is still there by then is stuck.
const LIMIT_MS = 30_000

module.exports = { run }

// Resolves to
//   sends    the requests that arrived, IDs masked, in order     sentAt    when (ms)
//   reports  what the client process saw, in order               emittedAt when its events came (ms)
//   exit     how the process ended                               stderr    for a message of failure
async function run(scenario, implementation) {
  const tracker = await FakeTracker.open(scenario.tracker, scenario.port)
  const where = `udp://${scenario.host ?? '127.0.0.1'}`
  const url = scenario.url ?? `${where}:${tracker.port}`
  const besideUrl = `udp://127.0.0.1:${tracker.beside.address().port}`
  const child = spawn(
    process.execPath,
    ['--no-deprecation', CLIENT, implementation, scenario.file, scenario.name, url, besideUrl],
    { stdio: ['pipe', 'pipe', 'pipe'] }
  )
  child.stdin.on('error', () => {}) // the client may be gone before it is told
  const recording = { sends: [], sentAt: [], reports: [], emittedAt: [], exit: '', stderr: '' }
  child.stderr.setEncoding('utf8').on('data', (text) => (recording.stderr += text))
  const stage = (tracker.stage = new Stage(child, tracker.passed))
  readline.createInterface({ input: child.stdout }).on('line', (line) => {
    const report = JSON.parse(line)
    recording.reports.push(report)
    if (report.startsWith('emits ')) recording.emittedAt.push(performance.now())
  })

  const limit = setTimeout(() => stage.end(`still alive after ${LIMIT_MS} ms`), LIMIT_MS)
  const [code, signal] = await once(child, 'close')
  clearTimeout(limit)
  await tracker.drain()
  tracker.close()
  recording.exit = stage.ended ?? (signal ? `signal ${signal}` : `exit code ${code}`)
  recording.sends = tracker.datagrams.map(({ sent }) => sent)
  recording.sentAt = tracker.datagrams.map(({ at }) => at)
  return recording
}

// What the tracker's side of a scenario can do besides answering.
class Stage {
  constructor(child, passed) {
    this.child = child
    // Resolves when the client's requests up to its call of `pass` are with its engine or sockets.
    this.passed = passed
  }

  // A word that the client's side waits for with `told`.
  tell(word) {
    this.child.stdin.write(`${word}\n`)
  }

  // Ends a process that is not meant to end by itself.
  end(why = 'ended by the test') {
    this.ended ??= why
    this.child.kill('SIGKILL')
  }
}
