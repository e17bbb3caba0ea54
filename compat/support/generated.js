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

// What has had no outcome by then has none: a datagram on loopback takes a thousandth of it.
const SILENCE_MS = 250
const CRASH_MS = 50
// A timer that is as late tells of a machine that stood still: what has come meanwhile is read first.
const LATE_MS = 20
// They have their turns: what the original has sent too often, with a timeout that is none, comes when other values are tried.
const TRACKERS = 4

let asked = null
let announced = null
let crashed = null
process.on('uncaughtException', (error) => crashed?.(error))

async function main() {
  const trackers = await Promise.all(Array.from({ length: TRACKERS }, startTracker))
  const cases = trackers.map((socket) =>
    casesOf(Number(seed), Number(count), socket.address().port)
  )
  for (let index = 0; index < cases[0].length; index++) {
    const turn = index % trackers.length
    asked = trackers[turn]
    const outcome = await outcomeOf(cases[turn][index].make)
    fs.writeSync(1, `${JSON.stringify({ index, ...outcome })}\n`)
  }
  process.exit()
}

async function startTracker() {
  const socket = dgram.createSocket('udp4')
  socket.on('message', (bytes, from) => {
    const request = readRequest(bytes)
    if (request.kind === 'announce' && socket === asked) announced ??= mask(request)
    const answer = request.kind === 'connect' ? connectAnswer(request) : announceAnswer(request)
    socket.send(answer, from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

async function outcomeOf(make) {
  announced = null
  let tracker
  const end = await new Promise((resolve) => {
    let silence
    const listen = () => {
      const end = performance.now() + SILENCE_MS
      silence = setTimeout(() => {
        if (performance.now() - end > LATE_MS) listen()
        else resolve('silence')
      }, SILENCE_MS)
    }
    listen()
    const settle = (text) => {
      clearTimeout(silence)
      resolve(text)
    }
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
