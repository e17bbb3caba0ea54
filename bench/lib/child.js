// One measurement in a process of its own: `run` starts it from the outside, bounded in time; the rest of this file is
// what runs inside. The result comes back as a message.
'use strict'

const { spawn } = require('node:child_process')
const path = require('node:path')
const { nodeOptionsOf } = require('./implementations.js')

// V8 collects garbage once more after eight quiet seconds, which would be taken for something that the packages do.
const NODE_OPTIONS = ['--expose-gc', '--no-memory-reducer', '--no-warnings', '--no-deprecation']

/** Runs `measure(implementation, options)` of a figure in a new process, behind the command `around` if there is one. */
function run(figure, implementation, options, limit, around = []) {
  return new Promise((resolve, reject) => {
    const script = [__filename, figure, implementation, JSON.stringify(options)]
    const nodeOptions = [...NODE_OPTIONS, ...nodeOptionsOf(implementation)]
    const [program, ...args] = [...around, process.execPath, ...nodeOptions, ...script]
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    child.once('error', reject)
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    let words = ''
    let answer = {}
    child.stderr.on('data', (data) => (words = (words + data).slice(-2000)))
    child.on('message', (message) => (answer = message))
    const timer = setTimeout(kill, limit)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      process.removeListener('exit', kill)
      if (answer.result !== undefined) resolve(answer.result)
      else reject(new Error(answer.error || `ended by ${signal || code}: ${words}`))
    })
  })
}

async function main([figure, implementation, options]) {
  const { measure } = require(path.join(__dirname, '..', 'figures', `${figure}.js`))
  const answer = await measure(implementation, JSON.parse(options)).then(
    (result) => ({ result }),
    (error) => ({ error: String(error) })
  )
  process.send(answer, () => process.exit())
}

if (require.main === module) main(process.argv.slice(2))

module.exports = { run }
