// Standard output and standard error. Everything that is printed comes through here as plain text, in pieces that may
// have a style, and leaves with its control characters spelled out: the only ones that reach a terminal are ours.
'use strict'

const { shown } = require('./text.js')
const { ascii, fit, wrap } = require('./text-width.js')

const STYLES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] }
const ERASE_LINE = '\r\x1b[2K'
const LEAST_COLUMNS = 20

// FORCE_COLOR before NO_COLOR, as Node.js itself has it. https://no-color.org wants a value that is not empty.
function wantsColour(stream, env) {
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  if (env.NO_COLOR) return false
  return Boolean(stream.isTTY) && env.TERM !== 'dumb'
}

// A locale that has no UTF-8, as C has. Where none is named, as on Windows and in containers, terminals have it today.
function isAsciiAlone({ LC_ALL, LC_CTYPE, LANG }) {
  const locale = LC_ALL || LC_CTYPE || LANG || ''
  return locale !== '' && !/utf-?8/i.test(locale)
}

class Output {
  /** `onError` hears once that nothing can be written any more. */
  constructor(stream, env, onError) {
    this.stream = stream
    this.isTerminal = Boolean(stream.isTTY)
    this.colour = wantsColour(stream, env)
    this.canErase = this.isTerminal && env.TERM !== 'dumb'
    // Whether what is printed is for programs: JSON and CSV are UTF-8 everywhere.
    this.isForPrograms = false
    this.isAscii = isAsciiAlone(env)
    this.closed = false
    this.drained = null
    this.beforeLines = () => {}
    stream.on('error', (error) => {
      this.closed = true
      onError(error)
    })
  }

  get columns() {
    return Math.max(LEAST_COLUMNS, this.stream.columns || 80)
  }

  get rows() {
    return this.stream.rows || 24
  }

  /** `listener` is called before lines are written to a terminal: what stands in their way can go. */
  onLines(listener) {
    this.beforeLines = listener
  }

  /** `listener` is called when the terminal has another size. */
  onResize(listener) {
    this.stream.on('resize', listener)
  }

  text(text) {
    return this.isAscii && !this.isForPrograms ? ascii(shown(text)) : shown(text)
  }

  // A line is a text, or a list of texts and of `[style, text]`.
  rendered(line) {
    return [line]
      .flat()
      .map((piece) => (typeof piece === 'string' ? ['', piece] : piece))
      .map(([style, text]) => {
        if (!this.colour || !STYLES[style]) return this.text(text)
        return `\x1b[${STYLES[style][0]}m${this.text(text)}\x1b[${STYLES[style][1]}m`
      })
      .join('')
  }

  /** Resolves when more may be written: a slow reader holds the work up, and memory does not grow. */
  lines(lines) {
    if (lines.length === 0) return Promise.resolve()
    if (this.isTerminal) this.beforeLines()
    let text = ''
    for (const line of lines) text += `${this.rendered(line)}\n`
    return this.write(text)
  }

  line(line) {
    return this.lines([line])
  }

  /** A text of words, which a terminal does not break within one. */
  prose(text, style) {
    const lines = this.isTerminal ? wrap(shown(text), this.columns - 1) : [text]
    return this.lines(style === undefined ? lines : lines.map((line) => [[style, line]]))
  }

  /** Shows a line that the next one takes the place of, on a terminal that can do so. */
  transient(text) {
    if (this.canErase) this.write(ERASE_LINE + this.text(fit(shown(text), this.columns - 1)))
  }

  /** Takes the line of `transient` away. */
  erase() {
    if (this.canErase) this.write(ERASE_LINE)
  }

  /** Lines in the place of as many that were written last, on a terminal that can do so. */
  again(lines, before) {
    this.write(
      (before > 0 ? `\x1b[${before}A\r` : '') +
        lines.map((line) => `\x1b[2K${this.rendered(line)}\n`).join('')
    )
  }

  /** The same on an empty screen: what stood there is where another width of the terminal has put it. */
  afresh(lines) {
    this.write('\x1b[2J\x1b[H')
    this.again(lines, 0)
  }

  async write(text) {
    if (this.closed || this.stream.write(text)) return
    // One for all who wait.
    this.drained ??= new Promise((resolve) => {
      this.stream.once('drain', () => {
        this.drained = null
        resolve()
      })
    })
    await this.drained
  }

  /** Resolves when all has reached the system; nothing can be written from here on. */
  close() {
    if (this.closed) return Promise.resolve()
    this.closed = true
    return new Promise((resolve) => this.stream.write('', () => resolve()))
  }
}

module.exports = Output
