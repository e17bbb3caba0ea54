'use strict'

// Builds and runs examples/hostile_tracker.rs, a tracker in a process of its own, and talks to it.

const { spawn } = require('child_process')
const readline = require('readline')

const { buildExample } = require('./cargo-example')

class HostileTracker {
  constructor(process) {
    this.process = process
    this.readers = []
    readline.createInterface({ input: process.stdout }).on('line', (line) => {
      this.readers.shift()(JSON.parse(line))
    })
    this.ended = new Promise((resolve) => process.once('close', resolve))
  }

  next() {
    return new Promise((resolve) => this.readers.push(resolve))
  }

  ask(command) {
    this.process.stdin.write(`${command}\n`)
    return this.next()
  }

  /** Forges `count` datagrams, at most `rate` a second unless it is 0. Resolves when they are sent. */
  flood(count, rate = 0) {
    return this.ask(`flood ${count} ${rate}`)
  }

  counts() {
    return this.ask('counts')
  }

  async close() {
    this.process.stdin.end()
    await this.ended
  }
}

/** Starts a tracker on free ports of 127.0.0.1 that loses `loss` percent of the requests and as many answers. */
async function startHostileTracker({ loss = 0, seed = 1, ports = 1 } = {}) {
  const child = spawn(buildExample('hostile_tracker'), [loss, seed, ports].map(String), {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const tracker = new HostileTracker(child)
  tracker.ended.then(() => process.removeListener('exit', kill))
  tracker.ports = (await tracker.next()).ports
  tracker.urls = tracker.ports.map((port) => `udp://127.0.0.1:${port}`)
  tracker.url = tracker.urls[0]
  return tracker
}

module.exports = { startHostileTracker }
