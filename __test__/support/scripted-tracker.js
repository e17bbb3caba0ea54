// A UDP tracker on loopback that answers what a test tells it to and remembers all it was asked.
'use strict'

const dgram = require('node:dgram')
const { once } = require('node:events')
const { randomBytes } = require('node:crypto')
const { deadline } = require('./deadline.js')
const wire = require('./wire.js')

// A connection ID belongs to an address and port and lives 60 s in the client under test, longer than a test file
// runs: a port that came twice in one process would find its predecessor's connection ID in use.
const usedPorts = new Set()

const KINDS = ['connect', 'announce', 'scrape']

class ScriptedTracker {
  // `script` has a function for each kind of request, `(request, tracker) => datagram(s) to send back, or nothing`.
  constructor(socket, script) {
    this.socket = socket
    this.script = {
      connect: (request) => wire.connectResponse(request, this.issueConnectionId()),
      announce: (request) => wire.announceResponse(request),
      scrape: (request) =>
        wire.scrapeResponse(
          request,
          request.infoHashes.map(() => ({}))
        ),
      ...script
    }
    this.requests = []
    this.connectionIds = []
    this.unread = { connect: [], announce: [], scrape: [] }
    this.readers = { connect: [], announce: [], scrape: [] }
    this.closed = false

    const { address, port, family } = socket.address()
    this.address = address
    this.port = port
    this.url = `udp://${family === 'IPv6' ? `[${address}]` : address}:${port}`
    socket.on('message', (raw, from) => this.onMessage(raw, from))
  }

  get connects() {
    return this.requests.filter(({ kind }) => kind === 'connect')
  }

  get announces() {
    return this.requests.filter(({ kind }) => kind === 'announce')
  }

  get scrapes() {
    return this.requests.filter(({ kind }) => kind === 'scrape')
  }

  // Each call gives the next request of its kind, in the order of arrival, and waits for it if it is yet to come.
  nextConnect() {
    return this.next('connect')
  }

  nextAnnounce() {
    return this.next('announce')
  }

  nextScrape() {
    return this.next('scrape')
  }

  next(kind) {
    if (this.unread[kind].length > 0) return Promise.resolve(this.unread[kind].shift())
    return deadline(
      new Promise((resolve) => this.readers[kind].push(resolve)),
      `no ${kind} request reached ${this.url}`
    )
  }

  issueConnectionId() {
    const connectionId = randomBytes(8)
    this.connectionIds.push(connectionId)
    return connectionId
  }

  // Resolves when the system has taken the datagram, so that datagrams of several sockets can be put in order.
  async send(datagram, { from }) {
    if (this.closed) return
    await new Promise((resolve, reject) => {
      this.socket.send(datagram, from.port, from.address, (error) =>
        error ? reject(error) : resolve()
      )
    })
  }

  async close() {
    if (this.closed) return
    this.closed = true
    this.socket.close()
    await once(this.socket, 'close')
  }

  onMessage(raw, from) {
    const request = { ...wire.parseRequest(raw), from, at: performance.now() }
    this.requests.push(request)
    if (!KINDS.includes(request.kind)) return
    const reader = this.readers[request.kind].shift()
    if (reader) reader(request)
    else this.unread[request.kind].push(request)

    const datagrams = this.script[request.kind](request, this) || []
    for (const datagram of [datagrams].flat()) this.send(datagram, request)
  }
}

// Bound to loopback and closed when test `t` ends. `family` is 4 or 6.
async function startScriptedTracker(t, { family = 4, address, port = 0, ...script } = {}) {
  for (;;) {
    const socket = dgram.createSocket(`udp${family}`)
    socket.bind(port, address || (family === 6 ? '::1' : '127.0.0.1'))
    await once(socket, 'listening')
    if (port === 0 && usedPorts.has(socket.address().port)) {
      socket.close()
      continue
    }
    usedPorts.add(socket.address().port)
    const tracker = new ScriptedTracker(socket, script)
    t.after(() => tracker.close())
    return tracker
  }
}

// For a request that is to wait: nothing is sent back.
const silent = () => []

module.exports = { startScriptedTracker, silent }
