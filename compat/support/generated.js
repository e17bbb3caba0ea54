// The child process of generated.test.js: gives one implementation a thousand values of every type, one at a time, and
// reports as JSON lines what became of each: the bytes of its announce, what it threw, what it emitted.
'use strict'

const dgram = require('node:dgram')
const { once } = require('node:events')
const fs = require('node:fs')
const { readRequest, connectAnswer, announceAnswer, mask } = require('./packets.js')
const { casesOf } = require('./values.js')

const [implementation, seed, count] = process.argv.slice(2)
const UdpTracker = require(implementation)

// What has had no outcome so long after its last datagram has none: one on loopback takes a thousandth of it.
const SILENCE_MS = 400
// No value is waited for through more of these, also if it sends again and again.
const MOST_SILENCES = 10
const CRASH_MS = 50

let announced = null
let isHeard = false
let crashed = null
process.on('uncaughtException', (error) => crashed?.(error))

async function main() {
  const socket = dgram.createSocket('udp4')
  socket.on('message', (bytes, from) => {
    isHeard = true
    const request = readRequest(bytes)
    if (request.kind === 'announce') announced ??= mask(request)
    const answer = request.kind === 'connect' ? connectAnswer(request) : announceAnswer(request)
    socket.send(answer, from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  for (const [index, { make }] of casesOf(Number(seed), Number(count), port).entries()) {
    fs.writeSync(1, `${JSON.stringify({ index, ...(await outcomeOf(make)) })}\n`)
  }
  process.exit()
}

async function outcomeOf(make) {
  announced = null
  let tracker
  const end = await new Promise((resolve) => {
    const settle = (text) => {
      clearTimeout(silence)
      resolve(text)
    }
    let silences = 0
    let silence
    const listen = () => {
      isHeard = false
      silence = setTimeout(() => {
        // On a busy machine what has come meanwhile lies in the socket: it is read first.
        setImmediate(() =>
          setImmediate(() =>
            isHeard && ++silences < MOST_SILENCES ? listen() : resolve('silence')
          )
        )
      }, SILENCE_MS)
    }
    listen()
    crashed = (error) => settle(`crashes: ${error.name}`)
    try {
      const { args, event, opts } = make()
      tracker = new UdpTracker(...args)
      tracker.on('update', () => settle('update'))
      tracker.on('error', (text) => {
        // The original crashes behind this one.
        if (text === 'unknown event') setTimeout(settle, CRASH_MS, `error: ${text}`)
        else settle(`error: ${text}`)
      })
      tracker.announce(event, opts)
    } catch (error) {
      settle(`throws: ${error.name}`)
    }
  })
  crashed = () => {}
  tracker?.destory()
  return { end, announced: end === 'update' ? announced : null }
}

main()
