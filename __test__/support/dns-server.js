// A name server on port 53 of a network namespace that answers, refuses or keeps silent as a test tells it to.
'use strict'

const dgram = require('node:dgram')
const { once } = require('node:events')

const TYPE_A = 1
const SERVER_FAILURE = 2

class DnsServer {
  // `answer(name, from)` gives an IPv4 address, 'fail', or 'hang'; `from` is who asks.
  constructor(socket, answer) {
    this.socket = socket
    this.answer = answer
    this.held = []
    this.names = new Set()
    this.readers = []
    socket.on('message', (query, from) => this.onQuery(query, from))
  }

  // Resolves when a name has been asked for.
  async asked(name) {
    while (!this.names.has(name)) await new Promise((resolve) => this.readers.push(resolve))
  }

  // Answers every query that was left hanging as `answer` says now.
  release() {
    for (const [query, from] of this.held.splice(0)) this.onQuery(query, from)
  }

  onQuery(query, from) {
    const labels = []
    let at = 12
    for (; query[at] !== 0; at += query[at] + 1) {
      labels.push(query.toString('latin1', at + 1, at + 1 + query[at]))
    }
    const end = at + 5
    const name = labels.join('.').toLowerCase()
    const answer = this.answer(name, from)
    if (answer === 'hang') this.held.push([query, from])
    else this.socket.send(response(query, end, answer), from.port, from.address)
    this.names.add(name)
    for (const reader of this.readers.splice(0)) reader()
  }
}

function response(query, end, answer) {
  const header = Buffer.from(query.subarray(0, 12))
  const question = query.subarray(12, end)
  const rows = answer !== 'fail' && question.readUInt16BE(question.length - 4) === TYPE_A ? 1 : 0
  header.writeUInt16BE(0x8180 | (answer === 'fail' ? SERVER_FAILURE : 0), 2)
  header.fill(0, 6)
  header.writeUInt16BE(rows, 6)
  if (rows === 0) return Buffer.concat([header, question])
  // The name by its place in the question, type A, class IN, five minutes, four bytes.
  const row = Buffer.from('c00c000100010000012c0004', 'hex')
  return Buffer.concat([header, question, row, Buffer.from(answer.split('.').map(Number))])
}

async function startDnsServer(t, answer, address = '127.0.0.1') {
  const socket = dgram.createSocket('udp4')
  socket.bind(53, address)
  await once(socket, 'listening')
  t.after(() => socket.close())
  return new DnsServer(socket, answer)
}

module.exports = { startDnsServer }
