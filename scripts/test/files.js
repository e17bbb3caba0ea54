// Which files of tests there are, and how Node.js is to run them.
'use strict'

const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.resolve(__dirname, '../..')

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
 * The files of tests in some folders, without those whose names begin with one of `without`. They are listed here, since shells
 * and versions of Node.js differ in what they make of a pattern.
 */
function testFiles(folders, without = []) {
  const rank = (file) => LONGEST.indexOf(path.basename(file)) + 1 || LONGEST.length + 1
  return folders
    .flatMap((folder) =>
      fs.readdirSync(path.join(ROOT, folder)).map((name) => `./${folder}/${name}`)
    )
    .filter((file) => file.endsWith('.test.js'))
    .filter((file) => !without.some((some) => path.basename(file).startsWith(some)))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}

/** The arguments with which Node.js runs them. */
function testArguments(files) {
  return ['scripts/test/javascript.js', ...files]
}

module.exports = { testArguments, testFiles }
