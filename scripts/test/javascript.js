// Runs files of JavaScript tests in the order in which they are given: `node --test` would sort them.
//
//   node scripts/test/javascript.js FILE…
'use strict'

const os = require('node:os')
const path = require('node:path')
const { run } = require('node:test')
const report = require('./reporter.js')

// Tests mostly wait, for a timeout or an interval; more of them at once would find the machine too busy for their timeouts.
const FILES_AT_ONCE = os.availableParallelism() + 2

const files = process.argv.slice(2).map((file) => path.resolve(file))
run({ files, concurrency: FILES_AT_ONCE })
  .on('test:fail', () => (process.exitCode = 1))
  .compose(report)
  .pipe(process.stdout)
