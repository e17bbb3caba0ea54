// Finds the command, runs it, and turns whatever happens into an exit code and a message for people.
'use strict'

const fs = require('node:fs')
const { COMMANDS, NAMES } = require('./commands.js')
const { WORKED, FAILED, WRONG_USE, NO_ADDON, BUG, SIGNALS } = require('./exit-codes.js')
const { PROGRAM, helpOf } = require('./help/describe.js')
const { suggestion } = require('./help/suggest.js')
const { isMagnet } = require('./input/info-hashes.js')
const { looksLikeTracker } = require('./input/tracker-url.js')
const options = require('./options.js')
const Output = require('./output/terminal.js')
const { quoted } = require('./output/text.js')
const UsageError = require('./usage-error.js')

const READER_MS = 1000

const HELP = `Usage: ${PROGRAM} COMMAND ...
       ${PROGRAM} URL...   the same as check URL...

Talks to BitTorrent UDP trackers (BEP 15).

  check URL...            whether trackers work, how fast, over IPv4 and IPv6
  ping URL...             round trips and loss, once a second, until Ctrl-C
  scrape [URL] HASH...    how many peers torrents have, any number of them
  announce [URL] HASH...  announce a torrent once: interval, seeds, peers
  completion SHELL        for bash, zsh or fish
  register-path           for NODE_OPTIONS=--import=...

  ${PROGRAM} COMMAND --help   what a command takes
  ${PROGRAM} --version, -v

Colour is for terminals; NO_COLOR turns it off, FORCE_COLOR on.
Exit code: 0 it worked, 1 a tracker failed, 2 wrong usage or a list had
invalid lines, 3 the package's addon is missing, 70 a bug, 130 Ctrl-C,
143 SIGTERM, 129 SIGHUP.
`

class CommandLine {
  constructor() {
    const { env } = process
    this.stdout = new Output(process.stdout, env, (error) => this.onOutputError(error))
    // Nobody reads what is said there any more, and there is nowhere else to say so.
    this.stderr = new Output(process.stderr, env, () => {})
    this.command = null
    this.interrupted = () => {}
    this.exitCode = null
  }

  /** Lines on standard error that say who speaks. */
  say(style, lines) {
    const name = this.command === null ? PROGRAM : `${PROGRAM} ${this.command}`
    for (const line of [lines].flat()) this.stderr.prose(`${name}: ${line}`, style)
  }

  fail(lines) {
    return this.say('red', lines)
  }

  // The reader of a pipe may stop early, as `head` does. That is not a failure.
  onOutputError(error) {
    if (error.code === 'EPIPE') return this.exit(WORKED)
    this.fail(`cannot write to standard output: ${error.message}`)
    return this.exit(FAILED)
  }

  // What is still under way does not hold it up. The first reason counts: after Ctrl-C the reader of a pipe goes as well.
  async exit(code) {
    this.exitCode ??= code
    await Promise.all([this.stdout.close(), this.stderr.close()])
    process.exit(this.exitCode)
  }

  // A reader that does not read, as a pager, is waited for a moment, or until the signal comes once more. A command that
  // Ctrl-C is the usual end of has a code of its own for that, which it gives back.
  async onSignal(signal) {
    const code = SIGNALS[signal]
    for (const one of Object.keys(SIGNALS)) process.on(one, () => process.exit(code))
    setTimeout(() => process.exit(code), READER_MS)
    try {
      const own = await this.interrupted()
      this.exit(signal === 'SIGINT' ? (own ?? code) : code)
    } catch (error) {
      this.onFailure(error)
    }
  }

  help(text) {
    return this.stdout.lines(text.trimEnd().split('\n'))
  }

  helpOf(name) {
    return name === undefined ? this.help(HELP) : this.stdout.lines(helpOf(this.find(name)))
  }

  find(name) {
    if (COMMANDS[name] !== undefined) return COMMANDS[name]()
    const hint = fs.existsSync(name)
      ? `; to check a list: check --file ${name}`
      : `; there are ${NAMES.join(', ')}${suggestion(name, NAMES)}`
    throw new UsageError(`unknown command ${quoted(name)}${hint}`)
  }

  async run([name, ...args]) {
    if (name === undefined) {
      await this.stderr.lines(HELP.trimEnd().split('\n'))
      return WRONG_USE
    }
    if (name === '--help' || name === '-h') return this.help(HELP)
    if (name === '--version' || name === '-v' || name === '-V') {
      return this.stdout.line(require('../package.json').version)
    }
    if (name === 'help') return this.helpOf(args[0])
    if (isCheckAlone([name, ...args])) return this.runCommand('check', [name, ...args])
    if (name.startsWith('-')) {
      throw new UsageError(`the command (${NAMES.join(', ')}) comes first, got ${quoted(name)}`)
    }
    return this.runCommand(name, args)
  }

  async runCommand(name, args) {
    const command = this.find(name)
    this.command = name
    const { values, positionals } = options.parse(args, command)
    if (values.help) return this.stdout.lines(helpOf(command))
    this.stdout.isForPrograms = isForPrograms(values)
    return command.run({
      values,
      positionals,
      env: process.env,
      stdout: this.stdout,
      stderr: this.stderr,
      fail: (lines) => this.fail(lines),
      note: (lines) => this.say('yellow', lines),
      onInterrupt: (listener) => (this.interrupted = listener)
    })
  }

  onFailure(error) {
    if (error instanceof UsageError) {
      this.fail(error.lines)
      const help = this.command === null ? '--help' : `${this.command} --help`
      this.stderr.line(`Try: ${PROGRAM} ${help}`)
      return this.exit(WRONG_USE)
    }
    if (error?.name === 'TrackerError') {
      this.fail(error.message)
      return this.exit(FAILED)
    }
    if (error?.code === 'ERR_NO_ADDON') {
      this.fail(error.message)
      return this.exit(NO_ADDON)
    }
    // What trackers and the network do has been dealt with where it happened.
    this.fail('this is a bug of the program; please report it with what stands below')
    const { version } = require('../package.json')
    const stack = error instanceof Error ? error.stack : `Error: ${error}`
    const where = `${PROGRAM} ${version}, Node.js ${process.version}, ${process.platform} ${process.arch}`
    this.stderr.lines([where, ...stack.split('\n')])
    return this.exit(BUG)
  }
}

// Trackers alone, or torrents that name some, with options or without: no command but `check` can be meant.
function isCheckAlone(args) {
  if (args.some((arg) => COMMANDS[arg] !== undefined)) return false
  const thing = args.find((arg) => !arg.startsWith('-')) ?? ''
  if (args[0].startsWith('-')) return args.some(looksLikeTracker)
  return (
    looksLikeTracker(thing) ||
    isMagnet(thing) ||
    (/\.torrent$/i.test(thing) && fs.existsSync(thing))
  )
}

// JSON and CSV are UTF-8 wherever they are written.
const isForPrograms = ({ json, format = 'table' }) => Boolean(json) || format !== 'table'

async function main(args) {
  const commandLine = new CommandLine()
  for (const signal of Object.keys(SIGNALS)) {
    process.once(signal, () => commandLine.onSignal(signal))
  }
  process.once('uncaughtException', (error) => commandLine.onFailure(error))
  try {
    commandLine.exit((await commandLine.run(args)) || WORKED)
  } catch (error) {
    commandLine.onFailure(error)
  }
}

module.exports = { main }
