'use strict'

// Look-ups of names, with the time they take, in a process of their own. The system's look-up cannot be called off, and
// Node.js waits for it before it exits: a name server that is silent would hold up Ctrl-C by ten seconds or more. A
// process can be ended. It also has as many threads for look-ups as it needs, so that none waits for another one.

const { fork } = require('node:child_process')
const path = require('node:path')
const { TrackerError } = require('..')

const PROGRAM = path.join(__dirname, 'lookup-process.js')

class LookUps {
  /** `atOnce` is how many there may be at a time. */
  constructor({ atOnce, timeout }) {
    this.timeout = timeout
    // Node.js gives half of its threads to look-ups.
    this.env = { ...process.env, UV_THREADPOOL_SIZE: String(2 * atOnce) }
    this.child = null
    this.children = new Set()
    this.number = 0
    process.once('exit', () => this.close())
  }

  /** `{ms, addresses}`, the addresses as dns.lookup has them; rejects with a TrackerError. */
  async lookUp(host) {
    const child = (this.child ??= this.start())
    const { ms, addresses, code, late } = await this.ask(child, host)
    if (child !== this.child && child.pending.size === 0) child.process.kill('SIGKILL')
    if (addresses !== undefined) return { ms, addresses }
    throw late
      ? new TrackerError(`tracker host ${host} is not resolved after:${this.timeout}`, 'TIMEOUT')
      : new TrackerError(`cannot resolve tracker host ${host}: ${code}`, 'DNS')
  }

  // What the process answers, `{code}` if it goes, `{late: true}` if it takes too long.
  ask(child, host) {
    const number = ++this.number
    return new Promise((resolve) => {
      let timer
      child.pending.set(number, (answer) => {
        clearTimeout(timer)
        child.pending.delete(number)
        resolve(answer)
      })
      child.ready.then(() => {
        if (!child.pending.has(number)) return
        timer = setTimeout(() => {
          // Its thread is taken until the system gives up: the next ones get a process with all threads free.
          if (this.child === child) this.child = null
          child.pending.get(number)({ late: true })
        }, this.timeout)
        child.process.send({ number, host }, () => {}) // 'close' tells of it, if that goes wrong
      })
    })
  }

  start() {
    const child = {
      process: fork(PROGRAM, [], { env: this.env, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }),
      pending: new Map(),
      ready: null
    }
    child.ready = new Promise((resolve) => child.process.once('message', resolve))
    const lost = (code) => {
      this.children.delete(child)
      if (this.child === child) this.child = null
      for (const settle of [...child.pending.values()]) settle({ code })
    }
    child.process.on('message', ({ number, ...answer }) => child.pending.get(number)?.(answer))
    child.process.once('error', (err) => lost(err.message))
    child.process.once('close', () => lost('the process that looks names up has gone'))
    this.children.add(child)
    return child
  }

  close() {
    for (const child of this.children) child.process.kill('SIGKILL')
  }
}

module.exports = LookUps
