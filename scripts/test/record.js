// What became of the tests of several runs, in processes of their own: a file of JSON lines, which TEST_RECORD names, and the
// words at the end for all of them.
'use strict'

const fs = require('node:fs')

/** Adds to the record, if there is one. */
function add(entry) {
  const { TEST_RECORD: file } = process.env
  if (file) fs.appendFileSync(file, `${JSON.stringify(entry)}\n`)
}

function read(file) {
  if (!fs.existsSync(file)) return []
  return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map(JSON.parse)
}

/** The lines that end a run: what failed, what took longest, what was skipped and how to have it run. */
function summaryOf(entries) {
  const failed = entries.filter((entry) => entry.failed !== undefined)
  const passed = entries.reduce((sum, entry) => sum + (entry.passed ?? 0), 0)
  return [
    ...slowest(entries),
    ...skippedLines(entries),
    ...(failed.length > 0
      ? [`failed: ${failed.length}, passed: ${passed}`, ...failed.map(lineOf)]
      : [`passed: all of ${passed} tests`])
  ]
}

const lineOf = ({ failed, file }) => `  ${file}: ${failed}`

function slowest(entries) {
  const timed = entries.filter(({ seconds }) => seconds >= 10).sort((a, b) => b.seconds - a.seconds)
  if (timed.length === 0) return []
  const files = timed.slice(0, 8).map(({ file, seconds }) => `${file} ${Math.round(seconds)} s`)
  return [`longest: ${files.join(', ')}`]
}

// Reasons of two kinds: "needs PROGRAM", and whatever else the machine has not.
function skippedLines(entries) {
  const skipped = entries.filter((entry) => entry.skipped !== undefined)
  const programs = skipped.flatMap(({ why }) => /^needs (.+)$/.exec(why)?.[1].split('; ') ?? [])
  const lacking = skipped.filter(({ why }) => /^needs /.test(why))
  const others = skipped.filter(({ why }) => !/^needs /.test(why))
  const lines = []
  if (lacking.length > 0) {
    const names = [...new Set(programs)].sort().join(', ')
    lines.push(`skipped: ${count(lacking)} that need ${names}: bash .ci/trackers`)
  }
  for (const why of new Set(others.map((entry) => entry.why))) {
    const those = others.filter((entry) => entry.why === why)
    lines.push(`skipped: ${count(those)}: ${why || 'not for this system'}`)
  }
  return lines
}

// A group of tests is skipped as one.
const count = ({ length }) => `${length} ${length === 1 ? 'test' : 'tests'}`

module.exports = { add, read, summaryOf }
