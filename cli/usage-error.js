// Wrong use of the command line, and many problems in few lines.
'use strict'

const { counted } = require('./output/text.js')

const MOST_SHOWN = 10

/** The problems as lines, the first ten of them and how many more there are. `problems` is a text or several. */
function summed(problems) {
  const lines = [problems].flat()
  if (lines.length <= MOST_SHOWN) return lines
  return [
    ...lines.slice(0, MOST_SHOWN),
    `and ${counted(lines.length - MOST_SHOWN, 'more like these', 'more like these')}`
  ]
}

/** Wrong use: printed with the way to get help, and the exit code is 2. */
class UsageError extends Error {
  constructor(problems) {
    const lines = summed(problems)
    super(lines.join('\n'))
    this.lines = lines
  }
}

module.exports = UsageError
module.exports.summed = summed
