// The time that loading takes, in a new process each, and how large the binary is.
'use strict'

const fs = require('node:fs')
const path = require('node:path')

const { packageOf } = require('../lib/implementations.js')

async function measure(implementation) {
  const started = process.hrtime.bigint()
  require(packageOf(implementation))
  const result = { milliseconds: Number(process.hrtime.bigint() - started) / 1e6 }
  if (implementation === 'ours') result.binary = binarySize() / 1e6
  return result
}

// Of the binary that has been loaded.
function binarySize() {
  const root = path.join(__dirname, '..', '..')
  const [loaded] = Object.keys(require.cache).filter((file) => file.endsWith('.node'))
  if (loaded) return fs.statSync(loaded).size
  const [found] = fs.readdirSync(root).filter((file) => file.endsWith('.node'))
  return fs.statSync(path.join(root, found)).size
}

module.exports = {
  title: 'Loading',
  quick: true,
  tracker: null,
  runs: 21,
  variants: [
    {
      title: '',
      options: {},
      implementations: ['ours', 'portable', 'original'],
      goals: { milliseconds: { limit: 3 }, binary: { limit: 2 } }
    }
  ],
  metrics: [
    { key: 'milliseconds', title: 'require, ms', better: 'lower', digits: 2 },
    { key: 'binary', title: 'binary, MB', better: 'lower', digits: 2 }
  ],
  measure
}
