// A name server on port 53 of a network namespace that answers, refuses or keeps silent as a test tells it to.
'use strict'

const dgram = require('node:dgram')
const { once } = require('node:events')

const TYPE_A = 1
const TYPE_TXT = 16
const SERVER_FAILURE = 2

class DnsServer {
  // `answer(name, from)` gives an IPv4 address, 'fail', or 'hang'; `from` is who asks. `textsOf(name, from)` gives texts,
  // 'fail' or 'hang' to whoever asks for these.
  constructor(socket, answer, textsOf) {
    this.socket = socket
    this.answer = answer
    this.textsOf = textsOf
    this.held = []
    this.names = new Set()
    this.questions = []
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
    const type = query.readUInt16BE(end - 4)
    this.questions.push({ name, type })
    const answer = type === TYPE_TXT ? this.textsOf(name, from) : this.answer(name, from)
    if (answer === 'hang') this.held.push([query, from])
    else this.socket.send(response(query, end, answer), from.port, from.address)
    this.names.add(name)
    for (const reader of this.readers.splice(0)) reader()
  }
}

function response(query, end, answer) {
  const header = Buffer.from(query.subarray(0, 12))
  const question = query.subarray(12, end)
  const rows = answer === 'fail' ? [] : rowsOf(question.readUInt16BE(question.length - 4), answer)
  header.writeUInt16BE(0x8180 | (answer === 'fail' ? SERVER_FAILURE : 0), 2)
  header.fill(0, 6)
  header.writeUInt16BE(rows.length, 6)
  return Buffer.concat([header, question, ...rows])
}

function rowsOf(type, answer) {
  if (type === TYPE_A) return [row(type, Buffer.from(answer.split('.').map(Number)))]
  return type === TYPE_TXT ? answer.map((text) => row(type, stringsOf(text))) : []
}

// The name by its place in the question, the type, class IN, five minutes.
function row(type, data) {
  const start = Buffer.from('c00c000000010000012c0000', 'hex')
  start.writeUInt16BE(type, 2)
  start.writeUInt16BE(data.length, 10)
  return Buffer.concat([start, data])
}

// A text in strings of 255 bytes, each with its length before it.
function stringsOf(text) {
  const strings = text.match(/.{1,255}/gs) ?? ['']
  return Buffer.concat(
    strings.map((part) => Buffer.from(`${String.fromCharCode(part.length)}${part}`, 'latin1'))
  )
}

async function startDnsServer(t, answer, { address = '127.0.0.1', textsOf = () => [] } = {}) {
  const socket = dgram.createSocket('udp4')
  socket.bind(53, address)
  await once(socket, 'listening')
  t.after(() => socket.close())
  return new DnsServer(socket, answer, textsOf)
}

module.exports = { startDnsServer }
