'use strict'

// Standard output and standard error: colour where it is wanted, and a reader that is slow or has gone.

const STYLES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] }

// FORCE_COLOR before NO_COLOR, as Node.js itself has it. https://no-color.org wants a value that is not empty.
function wantsColour(stream, env) {
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  if (env.NO_COLOR) return false
  return Boolean(stream.isTTY) && env.TERM !== 'dumb'
}

class Output {
  constructor(stream, env, onError) {
    this.stream = stream
    this.isTerminal = Boolean(stream.isTTY)
    this.colour = wantsColour(stream, env)
    this.closed = false
    this.drained = null
    stream.on('error', (err) => {
      this.closed = true
      onError(err)
    })
  }

  get columns() {
    return this.stream.columns || 80
  }

  /** The text in a style, or as it is where there is no colour. */
  paint(style, text) {
    if (!this.colour) return text
    const [on, off] = STYLES[style]
    return `\x1b[${on}m${text}\x1b[${off}m`
  }

  /** Resolves when more may be written: a slow reader holds the work up, and memory does not grow. */
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
