'use strict'

const MOST_SHOWN = 10

/** Wrong use: printed with the way to get help, and the exit code is 2. `problems` is a text or several. */
class UsageError extends Error {
  constructor(problems) {
    const lines = [problems].flat()
    const more = lines.length - MOST_SHOWN
    super(lines.slice(0, MOST_SHOWN).join('\n') + (more > 0 ? `\nand ${more} more like these` : ''))
  }
}

module.exports = UsageError
