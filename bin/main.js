'use strict'

// Finds the command, runs it, and turns whatever happens into an exit code and a message for people.

const Output = require('./output.js')
const { shown, quoted } = require('./text.js')
const UsageError = require('./usage-error.js')

const NAME = 'bittorrent-udp-tracker'

// Loaded by those who call them.
const COMMANDS = {
  __proto__: null,
  announce: () => require('./commands/announce.js'),
  scrape: () => require('./commands/scrape.js'),
  check: () => require('./commands/check.js')
}

const WORKED = 0
const FAILED = 1
const WRONG_USE = 2
const INTERRUPTED = 130

const READER_MS = 1000

const HELP = `Usage: ${NAME} COMMAND ...

Talks to BitTorrent UDP trackers (BEP 15).

  announce URL INFO_HASH   announce a torrent once: interval, seeds, peers
  scrape URL HASH...       how many peers torrents have, any number of them
  check URL...             whether trackers work, how fast, over IPv4 and IPv6

  ${NAME} COMMAND --help   what a command takes
  ${NAME} --version

Colour is for terminals; NO_COLOR turns it off, FORCE_COLOR on.
Exit code: 0 worked, 1 a tracker failed, 2 wrong use, 130 ended by Ctrl-C.
`

class Session {
  constructor() {
    const { env } = process
    this.stdout = new Output(process.stdout, env, (err) => this.onOutputError(err))
    // Nobody reads what is said there any more, and there is nowhere else to say so.
    this.stderr = new Output(process.stderr, env, () => {})
    this.command = null
    this.interrupted = () => {}
    this.exitCode = null
  }

  /** A line on standard error that says who speaks. */
  fail(message) {
    const name = this.command === null ? NAME : `${NAME} ${this.command}`
    const lines = message.split('\n').map((line) => `${name}: ${line}\n`)
    return this.stderr.write(this.stderr.paint('red', lines.join('').trimEnd()) + '\n')
  }

  // The reader of a pipe has seen enough, as `head` has. That is no failure.
  onOutputError(err) {
    if (err.code === 'EPIPE') return this.exit(WORKED)
    this.fail(`cannot write to standard output: ${shown(err.message)}`)
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
  onSignal() {
    process.once('SIGINT', () => process.exit(INTERRUPTED))
    setTimeout(() => process.exit(INTERRUPTED), READER_MS)
    this.interrupted()
    this.exit(INTERRUPTED)
  }

  async run([command, ...args]) {
    if (command === undefined) {
      await this.stderr.write(HELP)
      return WRONG_USE
    }
    if (command === '--help' || command === '-h') return this.stdout.write(HELP)
    if (command === '--version' || command === '-V') {
      return this.stdout.write(`${require('../package.json').version}\n`)
    }
    if (command === 'help') {
      const text = COMMANDS[args[0]] === undefined ? HELP : COMMANDS[args[0]]().HELP
      return this.stdout.write(text)
    }
    const names = Object.keys(COMMANDS).join(', ')
    if (command.startsWith('-')) {
      throw new UsageError(`the command (${names}) comes first, got ${quoted(command)}`)
    }
    if (COMMANDS[command] === undefined) {
      throw new UsageError(`unknown command ${quoted(command)}; there are ${names}`)
    }
    this.command = command
    return COMMANDS[command]().run(args, {
      stdout: this.stdout,
      stderr: this.stderr,
      fail: (message) => this.fail(message),
      onInterrupt: (listener) => (this.interrupted = listener)
    })
  }

  onFailure(err) {
    if (err instanceof UsageError) {
      this.fail(err.message)
      const help = this.command === null ? '--help' : `${this.command} --help`
      this.stderr.write(`Try: ${NAME} ${help}\n`)
      return this.exit(WRONG_USE)
    }
    // Not a stack: whoever reads it here has not written this.
    this.fail(err instanceof Error ? err.message : String(err))
    return this.exit(FAILED)
  }
}

async function main(args) {
  const session = new Session()
  process.once('SIGINT', () => session.onSignal())
  process.once('uncaughtException', (err) => session.onFailure(err))
  try {
    session.exit((await session.run(args)) || WORKED)
  } catch (err) {
    session.onFailure(err)
  }
}

module.exports = { main }
