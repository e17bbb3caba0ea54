// Look-ups of names, with the time they take, in processes of their own. The system's look-up cannot be called off, and
// Node.js waits for it before it exits: a name server that is silent would hold up Ctrl-C by ten seconds or more. A
// process can be ended. It also has as many threads for look-ups as it needs, so that none waits for another one.
'use strict'

const { fork } = require('node:child_process')
const path = require('node:path')
const { TrackerError } = require('../..')

const PROGRAM = path.join(__dirname, 'lookup-process.js')

// How many the system is asked for at once. Small resolvers refuse more.
const AT_ONCE = 128
// A look-up that takes longer hangs, and gives its turn to another.
const HANGS_AFTER_MS = 150
// How many a process has threads for, and how many processes there are.
const A_PROCESS = 256
const PROCESSES = 4

class LookUps {
  /**
   * `names` is how many there will be at most, `timeout` milliseconds for each. With `localAddresses` they are asked for
   * from these, and their families alone.
   */
  constructor({ names, timeout, localAddresses = [] }) {
    this.timeout = timeout
    this.localAddresses = localAddresses
    // Node.js gives half of its threads to look-ups, and makes them all at once.
    const threads = Math.max(4, 2 * Math.min(names, A_PROCESS))
    this.env = { ...process.env, UV_THREADPOOL_SIZE: String(threads) }
    this.children = new Set()
    // Those that it will take if all names hang are started together: each takes a while to begin.
    this.atFirst = Math.min(PROCESSES, Math.ceil(names / A_PROCESS))
    this.known = new Map()
    this.waiting = []
    this.running = 0
    this.number = 0
    process.once('exit', () => this.close())
  }

  /** `{ms, addresses}`, the addresses as dns.lookup has them; rejects with a TrackerError. A name is looked up once. */
  lookUp(host) {
    let found = this.known.get(host)
    if (found === undefined) {
      found = this.ask(host)
      found.catch(() => {}) // who asked hears of it
      this.known.set(host, found)
    }
    return found
  }

  ask(host) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ host, resolve, reject })
      this.next()
    })
  }

  next() {
    while (this.running < AT_ONCE && this.waiting.length > 0) {
      const child = this.childWithRoom()
      if (child === null) return
      this.send(child, this.waiting.shift())
    }
  }

  childWithRoom() {
    const inUse = [...this.children].filter((child) => !child.isSpent)
    const free = inUse.find((child) => child.pending.size < A_PROCESS)
    if (free !== undefined) return free
    if (this.children.size === 0) for (let i = 1; i < this.atFirst; i++) this.start()
    return inUse.length < PROCESSES ? this.start() : null
  }

  send(child, { host, resolve, reject }) {
    const number = ++this.number
    let hasTurn = true
    const giveTurn = () => {
      if (hasTurn) this.running--
      hasTurn = false
      this.next()
    }
    const timers = []
    child.pending.set(number, (answer) => {
      timers.forEach(clearTimeout)
      child.pending.delete(number)
      if (child.isSpent && child.pending.size === 0) child.process.kill('SIGKILL')
      giveTurn()
      if (answer.addresses !== undefined) resolve({ ms: answer.ms, addresses: answer.addresses })
      else reject(this.errorOf(host, answer))
    })
    this.running++
    child.ready.then(() => {
      if (!child.pending.has(number)) return
      timers.push(
        setTimeout(giveTurn, HANGS_AFTER_MS),
        setTimeout(() => {
          // Its thread is taken until the system gives up: the next ones get a process with all threads free.
          child.isSpent = true
          child.pending.get(number)({ isLate: true })
        }, this.timeout)
      )
      child.process.send({ number, host }, () => {}) // 'close' tells of it, if that goes wrong
    })
  }

  errorOf(host, { code, isLate }) {
    return isLate
      ? new TrackerError(`tracker host ${host} is not resolved after:${this.timeout}`, 'TIMEOUT', {
          phase: 'lookup'
        })
      : new TrackerError(`cannot resolve tracker host ${host}: ${code}`, 'DNS', {
          phase: 'lookup',
          cause: { code }
        })
  }

  start() {
    const child = {
      process: fork(PROGRAM, this.localAddresses, {
        env: this.env,
        stdio: ['ignore', 'ignore', 'ignore', 'ipc']
      }),
      pending: new Map(),
      isSpent: false,
      ready: null
    }
    child.ready = new Promise((resolve) => child.process.once('message', resolve))
    const lost = (code) => {
      this.children.delete(child)
      child.isSpent = true
      for (const settle of [...child.pending.values()]) settle({ code })
    }
    child.process.on('message', ({ number, ...answer }) => child.pending.get(number)?.(answer))
    child.process.once('error', (error) => lost(error.message))
    child.process.once('close', () => lost('the process that looks names up has gone'))
    this.children.add(child)
    return child
  }

  /** Ends the processes, whatever they wait for. */
  close() {
    for (const child of this.children) child.process.kill('SIGKILL')
  }
}

module.exports = LookUps
