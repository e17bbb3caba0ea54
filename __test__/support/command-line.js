// The command line in a process of its own: with pipes, or in a terminal that Python's pty module makes.
'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, nodeOptions, start } = require('./child.js')
const { deadline } = require('./deadline.js')
const { needs } = require('./needs.js')

const PROGRAM = path.join(ROOT, 'bin/bittorrent-udp-tracker.js')

// Neither where the tests run nor npm decides about colour.
const NO_WISHES = { NO_COLOR: undefined, FORCE_COLOR: undefined, TERM: 'xterm' }

// Relays between this process and a terminal in which it runs its arguments, and exits as they do.
const IN_TERMINAL = `
import os, pty, sys
status = pty.spawn(sys.argv[1:])
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
`

// For the `skip` option of a test.
const withoutTerminal = needs('python3')

/** Starts the command line. Standard input stays open unless `input` is a text. */
function startCommand(t, args, { env, input } = {}) {
  const child = start(t, [PROGRAM, ...args], { ...NO_WISHES, ...env })
  if (input !== undefined) child.process.stdin.end(input)
  return child
}

/** `{code, signal, stdout, stderr}` of the command line once it has ended. */
function runCommand(t, args, { input = '', ...options } = {}) {
  return startCommand(t, args, { input, ...options }).exit()
}

/** The line that a text is part of once the child has printed it. */
function printed(child, pattern, stream = 'stdout') {
  const found = new Promise((resolve) => {
    const look = () => {
      if (pattern.test(child[stream])) resolve(child[stream])
    }
    child.process[stream].on('data', look)
    look()
  })
  return deadline(found, `${pattern} was not printed (${stream}: ${child[stream]})`)
}

/** A command of the shell in a terminal, `$TRACKER` being the command line. What it prints is in `stdout`. */
function startInTerminal(t, command, env) {
  const child = spawn('python3', ['-c', IN_TERMINAL, 'sh', '-c', command], {
    cwd: ROOT,
    env: { ...process.env, ...NO_WISHES, TRACKER: `${process.execPath} ${PROGRAM}`, ...env }
  })
  const terminal = { process: child, stdout: '' }
  child.stdout.setEncoding('utf8').on('data', (text) => (terminal.stdout += text))
  const ended = new Promise((resolve) => child.once('close', (code) => resolve(code)))
  t.after(async () => {
    child.stdin.end() // which hangs the terminal up, and ends what runs in it
    child.kill('SIGKILL')
    await ended
  })
  terminal.type = (keys) => child.stdin.write(keys)
  terminal.exit = () => deadline(ended, `the terminal did not end (${terminal.stdout})`, 30_000)
  return terminal
}

/** A folder that is gone when the test ends, with these files in it; gives their paths. */
function temporaryFiles(t, files) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'command-line-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  return Object.entries(files).map(([name, content]) => {
    fs.writeFileSync(path.join(directory, name), content)
    return path.join(directory, name)
  })
}

const jsonLines = (text) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

/** The environment in which names are what `names` says; names.js has the rest. */
const namesEnvironment = (names, more = {}) => ({
  NODE_OPTIONS: nodeOptions(`--require ${JSON.stringify(path.join(__dirname, 'names.js'))}`),
  NAMES: JSON.stringify(names),
  ...more
})

/** `{code, results}` of `check --json`, which has nothing to say on standard error. */
const check = async (t, args, options) => {
  const result = await runCommand(t, ['check', '--json', ...args], options)
  assert.deepEqual({ signal: result.signal, stderr: result.stderr }, { signal: null, stderr: '' })
  return { code: result.code, results: jsonLines(result.stdout) }
}

module.exports = {
  PROGRAM,
  withoutTerminal,
  startCommand,
  startInTerminal,
  runCommand,
  check,
  namesEnvironment,
  printed,
  temporaryFiles,
  jsonLines
}
