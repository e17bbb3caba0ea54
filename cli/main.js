// Finds the command, runs it, and turns whatever happens into an exit code and a message for people.
'use strict'

const Output = require('./output/terminal.js')
const { quoted } = require('./output/text.js')
const UsageError = require('./usage-error.js')

const NAME = 'bittorrent-udp-tracker'

// Loaded by those who call them.
const COMMANDS = {
  __proto__: null,
  announce: () => require('./announce/index.js'),
  scrape: () => require('./scrape/index.js'),
  check: () => require('./check/index.js'),
  ping: () => require('./ping/index.js')
}

const WORKED = 0
const FAILED = 1
const WRONG_USE = 2
const NO_ADDON = 3
const INTERRUPTED = 130

const READER_MS = 1000

const HELP = `Usage: ${NAME} COMMAND ...

Talks to BitTorrent UDP trackers (BEP 15).

  announce URL INFO_HASH   announce a torrent once: interval, seeds, peers
  scrape URL HASH...       how many peers torrents have, any number of them
  check URL...             whether trackers work, how fast, over IPv4 and IPv6
  ping URL...              round trips and loss, once a second, until Ctrl-C

  ${NAME} COMMAND --help   what a command takes, with examples
  ${NAME} --version, -v

Colour is for terminals; NO_COLOR turns it off, FORCE_COLOR on.
Exit code: 0 it worked, 1 a tracker failed, 2 wrong usage, 3 the package's
addon is missing, 130 ended by Ctrl-C.
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
    const name = this.command === null ? NAME : `${NAME} ${this.command}`
    for (const line of [lines].flat()) this.stderr.prose(`${name}: ${line}`, style)
  }

  fail(lines) {
    return this.say('red', lines)
  }

  // The reader of a pipe has seen enough, as `head` has. That is not a failure.
  onOutputError(error) {
    if (error.code === 'EPIPE') return this.exit(WORKED)
    this.fail(`cannot write to standard output: ${error.message}`)
    return this.exit(FAILED)
  }

  // Look-ups under way would keep the process, and cannot be called off: it does not wait for them.
  // The first reason counts: after Ctrl-C the reader of a pipe goes as well.
  async exit(code) {
    this.exitCode ??= code
    await Promise.all([this.stdout.close(), this.stderr.close()])
    process.exit(this.exitCode)
  }

  // A reader that does not read, as a pager, is waited for a moment, or until Ctrl-C is typed once more.
  async onSignal() {
    process.once('SIGINT', () => process.exit(INTERRUPTED))
    setTimeout(() => process.exit(INTERRUPTED), READER_MS)
    try {
      this.exit((await this.interrupted()) ?? INTERRUPTED)
    } catch (error) {
      this.onFailure(error)
    }
  }

  help(text) {
    return this.stdout.lines(text.trimEnd().split('\n'))
  }

  helpOf(name) {
    if (name === undefined) return this.help(HELP)
    return this.help(this.find(name).HELP)
  }

  find(name) {
    if (COMMANDS[name] !== undefined) return COMMANDS[name]()
    throw new UsageError(
      `unknown command ${quoted(name)}; there are ${Object.keys(COMMANDS).join(', ')}`
    )
  }

  async run([command, ...args]) {
    if (command === undefined) {
      await this.stderr.lines(HELP.trimEnd().split('\n'))
      return WRONG_USE
    }
    if (command === '--help' || command === '-h') return this.help(HELP)
    if (command === '--version' || command === '-v' || command === '-V') {
      return this.stdout.line(require('../package.json').version)
    }
    if (command === 'help') return this.helpOf(args[0])
    if (command.startsWith('-')) {
      const names = Object.keys(COMMANDS).join(', ')
      throw new UsageError(`the command (${names}) comes first, got ${quoted(command)}`)
    }
    const { run, HELP: help } = this.find(command)
    this.command = command
    return run(args, {
      stdout: this.stdout,
      stderr: this.stderr,
      fail: (lines) => this.fail(lines),
      note: (lines) => this.say('yellow', lines),
      help: () => this.help(help),
      onInterrupt: (listener) => (this.interrupted = listener)
    })
  }

  onFailure(error) {
    if (error instanceof UsageError) {
      this.fail(error.lines)
      const help = this.command === null ? '--help' : `${this.command} --help`
      this.stderr.line(`Try: ${NAME} ${help}`)
      return this.exit(WRONG_USE)
    }
    // Not a stack: whoever reads it here has not written this.
    this.fail(error instanceof Error ? error.message : String(error))
    return this.exit(error?.code === 'ERR_NO_ADDON' ? NO_ADDON : FAILED)
  }
}

async function main(args) {
  const commandLine = new CommandLine()
  process.once('SIGINT', () => commandLine.onSignal())
  process.once('uncaughtException', (error) => commandLine.onFailure(error))
  try {
    commandLine.exit((await commandLine.run(args)) || WORKED)
  } catch (error) {
    commandLine.onFailure(error)
  }
}

module.exports = { main }
