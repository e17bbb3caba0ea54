// The trackers that a command is given, in arguments and in lists.
'use strict'

const { gather } = require('./lists.js')
const { split, readTracker } = require('./tracker-url.js')
const UsageError = require('../usage-error.js')

/**
 * The trackers, each once. Texts that are none are wrong usage, all of them at once; with `--skip-invalid` they are told of
 * on standard error and left out.
 */
async function readTrackers({ values, positionals, note, what }) {
  const files = values.file || []
  if (positionals.length + files.length === 0) {
    throw new UsageError(`nothing to ${what}: give URLs, --file LIST, or -`)
  }
  const trackers = new Map()
  const problems = await gather(positionals, files, (text) => {
    const wrong = []
    const urls = split(text)
    for (const url of urls.length === 0 && text.trim() === '' ? [text] : urls) {
      try {
        const tracker = readTracker(url)
        if (!trackers.has(tracker.url)) trackers.set(tracker.url, tracker)
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        wrong.push(...error.lines)
      }
    }
    if (wrong.length > 0) throw new UsageError(wrong)
  })
  leaveOut(problems, values, note)
  if (trackers.size === 0) throw new UsageError('the list has no tracker')
  return [...trackers.values()]
}

/** What is wrong with a list: the end, or a note with `--skip-invalid`. */
function leaveOut(problems, values, note) {
  if (problems.length === 0) return
  if (!values['skip-invalid']) throw new UsageError(problems)
  note(UsageError.summed(problems).map((line) => `left out: ${line}`))
}

module.exports = { readTrackers, leaveOut }
