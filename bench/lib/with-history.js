// Preloaded into the command line: its `ping` has been at it for HISTORY hours, and after MEASURED seconds more it writes to
// the file REPORT what it used meanwhile, and ends.
'use strict'

const fs = require('node:fs')

const Output = require('../../cli/output/terminal.js')
const file = require.resolve('../../cli/ping/round-trips.js')

const { HISTORY, MEASURED, REPORT } = process.env
// What loading costs is not looked at.
const BEGIN_MS = 3000

class WithHistory extends require(file) {
  constructor(longest) {
    super(longest)
    for (let i = 0; i < HISTORY * 3600; i++) this.add(50 + 20 * Math.random() ** 4)
  }
}
require.cache[file].exports = WithHistory

let redraws = 0
const { again } = Output.prototype
Output.prototype.again = function (...args) {
  redraws++
  return again.apply(this, args)
}

setTimeout(() => {
  const before = process.cpuUsage()
  redraws = 0
  setTimeout(() => {
    const { user, system } = process.cpuUsage(before)
    fs.writeFileSync(REPORT, JSON.stringify({ cpu: (user + system) / 1e6, redraws }))
    process.exit()
  }, MEASURED * 1000)
}, BEGIN_MS)
