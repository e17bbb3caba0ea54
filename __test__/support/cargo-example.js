// Programs of examples/ in Rust, for tests and benchmarks that start them.
'use strict'

const { spawnSync } = require('node:child_process')
const path = require('node:path')

const ROOT = path.resolve(__dirname, '../..')
const built = new Map()

/** The path of an example's executable. Cargo builds it with the Rust tests; then this takes no time. */
function buildExample(name) {
  if (!built.has(name)) built.set(name, build(name))
  return built.get(name)
}

function build(name) {
  const cargo = ['build', '--locked', '--quiet', '--example', name]
  const format = '--message-format=json-render-diagnostics' // what is wrong goes to stderr, in words
  const { status, stdout } = spawnSync('cargo', [...cargo, format], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  if (status !== 0) throw new Error(`cargo does not build the example ${name}`)
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line)).find(({ executable }) => executable).executable
}

module.exports = { buildExample }
