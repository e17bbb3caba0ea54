// What `node --test` says of our tests: a line for each file, a failure in full where it happens, and nothing of what passes.
// What failed or was skipped goes into the file that TEST_RECORD names as well, for a summary over several runs.
'use strict'

const path = require('node:path')
const { inspect } = require('node:util')
const { add } = require('./record.js')

const ROOT = path.resolve(__dirname, '../..')

class File {
  constructor(name) {
    this.name = name
    // The names of the tests that the next one is in.
    this.within = []
    this.passed = 0
    this.skipped = 0
    this.failed = 0
    this.ms = 0
  }

  started({ name, nesting }) {
    this.within.length = nesting
    this.within.push(name)
  }

  passedOrSkipped({ name, nesting, skip, details }) {
    if (nesting === 0) this.ms += details.duration_ms
    if (skip === undefined) {
      if (details.type !== 'suite') this.passed++
      return
    }
    this.skipped++
    add({ skipped: this.title(name, nesting), file: this.name, why: String(skip || '') })
  }

  // What to print of it.
  failedWith({ name, nesting, details }) {
    if (nesting === 0) this.ms += details.duration_ms
    const { error } = details
    // Its own tests have said what is wrong.
    if (error.failureType === 'subtestsFailed') return ''
    const isFile = path.resolve(name) === path.resolve(ROOT, this.name)
    // The end of the process, when a test in it has failed already.
    if (isFile && this.failed > 0) return ''
    this.failed++
    const title = isFile ? 'the file as a whole' : this.title(name, nesting)
    add({ failed: title, file: this.name })
    const reason = inspect(error.cause ?? error, { depth: 4, maxStringLength: 4000 })
    return `\n✖ ${this.name}: ${title}\n${indented(reason)}\n`
  }

  title(name, nesting) {
    return [...this.within.slice(0, nesting), name].join(' > ')
  }

  // `output` is what its process has printed.
  ended(output = '') {
    const counts = [
      `${this.passed} passed`,
      ...(this.skipped > 0 ? [`${this.skipped} skipped`] : []),
      ...(this.failed > 0 ? [`${this.failed} FAILED`] : [])
    ]
    const seconds = (this.ms / 1000).toFixed(1)
    add({ file: this.name, seconds: this.ms / 1000, passed: this.passed })
    const words = this.failed > 0 && output ? `${indented(output.trimEnd())}\n` : ''
    return `${words}${this.name}: ${counts.join(', ')} (${seconds} s)\n`
  }
}

const indented = (text) => text.replace(/^(?=.)/gm, '    ')

module.exports = async function* report(events) {
  const output = new Map()
  let current = null
  const ended = () => (current === null ? '' : current.ended(output.get(current.name)))
  for await (const { type, data } of events) {
    if (!data?.file) continue
    const name = path.relative(ROOT, data.file).split(path.sep).join('/')
    if (type === 'test:stderr' || type === 'test:stdout') {
      output.set(name, (output.get(name) ?? '') + data.message)
      continue
    }
    if (type !== 'test:start' && type !== 'test:pass' && type !== 'test:fail') continue
    // The files are told of one after the other.
    if (current === null || current.name !== name) {
      yield ended()
      current = new File(name)
    }
    if (type === 'test:start') current.started(data)
    else if (type === 'test:pass') current.passedOrSkipped(data)
    else yield current.failedWith(data)
  }
  yield ended()
}
