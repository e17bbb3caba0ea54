// Which files of tests there are, and how Node.js is to run them.
'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const ROOT = path.resolve(__dirname, '../..')

// Tests mostly wait, for a timeout or an interval; more of them at once would find the machine too busy for their timeouts.
const FILES_AT_ONCE = os.availableParallelism() + 1

// The ones that begin first, so that none of them is what all the others are over before.
const LONGEST = [
  'system-faults',
  'differential',
  'command-line-terminal',
  'command-line-transport',
  'command-line-check',
  'command-line',
  'life',
  'lossy-network',
  'event-loop',
  'forgery',
  'types',
  'retry-soak'
].map((name) => `${name}.test.js`)

/**
 * The files of tests in a folder, without those whose names begin with one of `without`. They are listed here, since shells
 * and versions of Node.js differ in what they make of a pattern.
 */
function testFiles(folder, without = []) {
  const rank = (name) => (LONGEST.includes(name) ? LONGEST.indexOf(name) : LONGEST.length)
  return fs
    .readdirSync(path.join(ROOT, folder))
    .filter((name) => name.endsWith('.test.js') && !without.some((some) => name.startsWith(some)))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map((name) => `./${folder}/${name}`)
}

/** The arguments with which Node.js runs them. */
function testArguments(files) {
  const reporter = './scripts/test/reporter.js'
  return ['--test', `--test-concurrency=${FILES_AT_ONCE}`, `--test-reporter=${reporter}`, ...files]
}

module.exports = { testArguments, testFiles }
