// Scripts in a Node process of their own, where an exit or a crash is something to look at.
'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { deadline } = require('./deadline.js')
const { isModule } = require('./markdown.js')
const { isBun } = require('./runtimes.js')

const ROOT = path.resolve(__dirname, '../..')

// What the scripts have in common. `create()` makes a client of the tracker that the test has started.
const PRELUDE = `
  const UdpTracker = require(process.env.PACKAGE_ROOT)
  const create = (url = process.env.TRACKER_URL, opts) =>
    new UdpTracker('-XX0100-abcdefghijkl', '3132333435363738393031323334353637383930', url, opts)
  const onInput = (listener) => process.stdin.once('data', () => { process.stdin.destroy(); listener() })
`

// Gives a script `gc()`. Node 18 takes no such option from the environment.
const EXPOSE_GC = isBun
  ? 'const gc = () => Bun.gc(true)'
  : `
  require('node:v8').setFlagsFromString('--expose-gc')
  const gc = require('node:vm').runInNewContext('gc')
`

// A path as package.json and TypeScript write it on every system.
const slashed = (file) => file.split(path.sep).join('/')

// For the options of a test that sends a signal which the child is to take. Windows has none: it would just end.
const withSignals = {
  skip: process.platform === 'win32' && 'Windows has no signals that a process could take'
}

// For the options of a test that runs commands of a Unix shell.
const withShell = { skip: process.platform === 'win32' && 'Windows has no Unix shell' }

/** The value of NODE_OPTIONS with more in it: what is there may say which engine serves. */
const nodeOptions = (more) => `${process.env.NODE_OPTIONS || ''} ${more}`.trimStart()

class Child {
  constructor(spawned) {
    this.process = spawned
    this.stdout = ''
    this.stderr = ''
    this.hasEnded = false
    spawned.stdout.setEncoding('utf8').on('data', (text) => (this.stdout += text))
    spawned.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text))
    // 'close' and not 'exit': by then all output has been read.
    this.ended = new Promise((resolve) => {
      spawned.once('close', (code, signal) => {
        this.hasEnded = true
        resolve({ code, signal })
      })
    })
  }

  // Wakes a script that waits with onInput().
  wake() {
    this.process.stdin.end('go')
  }

  // Not by its own `kill`, behind which Deno takes every exit for one by this signal.
  signal(name) {
    process.kill(this.process.pid, name)
  }

  // Waits until what the process has printed so far matches.
  async prints(pattern) {
    while (!pattern.test(this.stdout)) {
      const more = Promise.race([once(this.process.stdout, 'data'), this.ended])
      await deadline(
        more,
        `${pattern} was not printed (stdout: ${this.stdout}; stderr: ${this.stderr})`
      )
      if (this.hasEnded && !pattern.test(this.stdout)) {
        throw new Error(`ended without ${pattern} (stdout: ${this.stdout}; stderr: ${this.stderr})`)
      }
    }
  }

  // {code, signal, stdout, stderr} once the process has gone by itself.
  async exit() {
    const { code, signal } = await deadline(
      this.ended,
      `the process did not exit (stdout: ${this.stdout}; stderr: ${this.stderr})`,
      30_000
    )
    return { code, signal, stdout: this.stdout, stderr: this.stderr }
  }
}

const start = (t, args, env) => startCommand(t, [process.execPath, ...args], env)

function startCommand(t, [command, ...args], env) {
  const child = new Child(
    spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, PACKAGE_ROOT: ROOT, ...env },
      stdio: ['pipe', 'pipe', 'pipe']
    })
  )
  child.process.stdin.on('error', () => {}) // the child may have gone before it read
  t.after(async () => {
    child.process.kill('SIGKILL')
    await child.ended
  })
  return child
}

// Runs `code` behind the prelude; `trackerUrl` is what create() announces to.
function startScript(t, code, trackerUrl, env) {
  return start(t, ['-e', PRELUDE + code], { TRACKER_URL: trackerUrl, ...env })
}

// Runs `code` alone, without the package in the main thread.
function startBareScript(t, code, trackerUrl, env) {
  return start(t, ['-e', code], { TRACKER_URL: trackerUrl, ...env })
}

/**
 * Runs the code of an example that prints `stdout`. One that goes on until Ctrl-C gets that when it has printed it all; Windows
 * has no signals, and ends it then.
 */
async function runExample(t, code, stdout) {
  const child = start(t, [`--input-type=${isModule(code) ? 'module' : 'commonjs'}`, '--eval', code])
  if (!code.includes('keepAlive') || !code.includes('SIGINT')) return child.exit()
  await child.prints({ test: (text) => text === stdout })
  child.signal('SIGINT')
  const result = await child.exit()
  return process.platform === 'win32' ? { ...result, code: 0, signal: null } : result
}

function startFile(t, file, ...args) {
  return start(t, [path.join(ROOT, file), ...args])
}

module.exports = {
  EXPOSE_GC,
  ROOT,
  PRELUDE,
  slashed,
  nodeOptions,
  withSignals,
  withShell,
  start,
  startCommand,
  startScript,
  startBareScript,
  runExample,
  startFile
}
