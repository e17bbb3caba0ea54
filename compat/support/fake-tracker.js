// A UDP tracker that answers as a scenario's script says and records all that it is sent.
'use strict'

const dgram = require('node:dgram')
const { once } = require('node:events')
const { performance } = require('node:perf_hooks')
const { connectAnswer, announceAnswer, errorAnswer, mask, readRequest } = require('./packets.js')

// What a tracker with nothing to hide answers.
const WELL_FORMED = { connect: connectAnswer, announce: (request) => announceAnswer(request) }

class FakeTracker {
  // `script` has a function for a kind of request: it takes the request and what a script may do
  // (see `stage` in run.js), and returns or resolves to the answers, one Buffer, several, or none.
  static async open(script, port = 0) {
    const tracker = new FakeTracker()
    tracker.script = { ...WELL_FORMED, ...script }
    tracker.socket = await bind(port)
    tracker.beside = await bind(0)
    tracker.port = tracker.socket.address().port
    tracker.datagrams = []
    tracker.requests = []
    tracker.socket.on('message', (bytes, from) => tracker.receive(bytes, from))
    // A client that is done with a step of its own sends something here: see `pass` in client.js.
    tracker.passed = new Promise((resolve) => {
      tracker.beside.on('message', (bytes, from) => {
        tracker.beside.send(errorAnswer(readRequest(bytes), 'passed'), from.port, from.address)
        resolve()
      })
    })
    return tracker
  }

  // Resolves once every datagram sent before now has been recorded: those of one port to another
  // on loopback arrive in the order they were sent in.
  async drain() {
    const drained = new Promise((resolve) => (this.drained = resolve))
    this.beside.send(Buffer.alloc(0), this.port, '127.0.0.1')
    await drained
  }

  close() {
    this.socket.close()
    this.beside.close()
  }

  async receive(bytes, from) {
    if (from.port === this.beside.address().port) return this.drained()
    const request = readRequest(bytes)
    this.datagrams.push({ sent: mask(request), at: performance.now() })
    // The requests of this kind that came before it.
    request.earlier = this.requests.filter(({ kind }) => kind === request.kind)
    request.nth = request.earlier.length + 1
    this.requests.push(request)
    request.reply = (datagram) => this.socket.send(datagram, from.port, from.address)
    request.replyFromBeside = (datagram) => this.beside.send(datagram, from.port, from.address)
    const answers = await this.script[request.kind](request, this.stage)
    for (const datagram of [answers ?? []].flat()) request.reply(datagram)
  }
}

async function bind(port) {
  const socket = dgram.createSocket('udp4')
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

module.exports = { FakeTracker }
