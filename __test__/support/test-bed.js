// The programs of testbed/, for tests and benchmarks: built, started, and asked by lines that they answer by JSON.
'use strict'

const { spawn, spawnSync } = require('node:child_process')
const path = require('node:path')
const readline = require('node:readline')

// Where cargo builds them: scripts/test-portable.js runs the tests in a copy.
const ROOT = process.env.TEST_BEDS || path.resolve(__dirname, '../..')
const built = new Map()

/** A process of the program `name`; it ends with its input, and this process takes it along. */
class TestBed {
  constructor(name, args) {
    this.name = name
    this.child = spawn(program(name), args.map(String), { stdio: 'pipe' })
    this.readers = []
    this.words = ''
    readline.createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.readers.shift().resolve(JSON.parse(line))
    })
    this.child.stderr.on('data', (words) => (this.words += words))
    this.child.stdin.on('error', () => {}) // it has gone, which `ended` tells
    this.ended = new Promise((resolve) => this.child.once('close', resolve))
    const kill = () => this.child.kill('SIGKILL')
    process.once('exit', kill)
    this.ended.then(() => {
      process.removeListener('exit', kill)
      for (const { reject } of this.readers.splice(0)) {
        reject(new Error(`the ${this.name} has ended: ${this.words}`))
      }
    })
  }

  /** Its next line of output. */
  next() {
    return new Promise((resolve, reject) => this.readers.push({ resolve, reject }))
  }

  /** Tells it a line, and resolves to its answer. */
  async ask(line) {
    this.child.stdin.write(`${line}\n`)
    const answer = await this.next()
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer
  }

  async stop() {
    this.child.stdin.end()
    await this.ended
  }
}

/** The path of a program. Cargo builds it with the Rust tests; then this takes no time. */
function program(name) {
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
  if (status !== 0) throw new Error(`cargo does not build ${name}`)
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line)).find(({ executable }) => executable).executable
}

module.exports = { TestBed }
