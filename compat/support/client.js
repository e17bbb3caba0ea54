// The child process of a scenario: loads one implementation, plays the client's side and reports
// what happens as JSON lines on standard output. Nothing in here keeps the process alive unless
// the scenario asks for it.
'use strict'

const fs = require('node:fs')
const readline = require('node:readline')
const { inspect } = require('node:util')
const { PEER_ID, INFO_HASH, OTHER_INFO_HASH } = require('./arguments.js')

const [implementation, file, name, url, besideUrl] = process.argv.slice(2)
const UdpTracker = require(implementation)
const scenario = require(file).find((candidate) => candidate.name === name)

// Written at once, so that a process that crashes has reported all it saw.
function report(text) {
  fs.writeSync(1, `${JSON.stringify(text)}\n`)
}

// On one line and with types: a string in quotes, an Error with its class, keys in their order.
function show(value) {
  const options = { depth: 4, breakLength: Infinity, maxArrayLength: null, maxStringLength: null }
  return value instanceof Error ? `${value.name}: ${value.message}` : inspect(value, options)
}

process.on('uncaughtExceptionMonitor', (error) => report(`uncaught ${show(error)}`))

// Reports everything that a tracker emits, and listens for `error` as applications have to.
function watch(tracker, label = '') {
  const { emit } = tracker
  tracker.emit = function (event, ...values) {
    report([`emits ${label}${String(event)}`, ...values.map(show)].join(' '))
    return emit.call(this, event, ...values)
  }
  tracker.on('error', () => {})
  return tracker
}

function create({ opts = { port: 1234 }, infoHash = INFO_HASH, announceUrl = url, label } = {}) {
  return watch(new UdpTracker(PEER_ID, infoHash, announceUrl, opts), label)
}

function attempt(call, action) {
  try {
    const returned = action()
    report(`${call} returns ${show(returned)}`)
    return returned
  } catch (error) {
    report(`${call} throws ${error.name}: ${error.message}`)
  }
}

// Keeps the process alive until the returned function is called, for what happens on a timer that
// by design does not.
function hold() {
  const timer = setInterval(() => {}, 2 ** 30)
  return () => clearInterval(timer)
}

const words = new Map()
let listening = false
// Resolves when the tracker's side says the word.
function told(word) {
  if (!listening) {
    listening = true
    const lines = readline.createInterface({ input: process.stdin })
    lines.on('line', (line) => words.get(line)?.())
    process.stdin.unref()
  }
  return new Promise((resolve) => words.set(word, resolve))
}

// Tells the tracker's side, by way of an address beside it, that all calls up to here have had their
// effect: one implementation hands requests to another thread, which takes them in order.
function pass() {
  const tracker = new UdpTracker(PEER_ID, OTHER_INFO_HASH, besideUrl)
  tracker.on('error', () => {})
  tracker.announce(0)
}

// The fields that applications read, in a form that two implementations can share. `_socket` is
// something while a request is in flight, and what that is belongs to the implementation.
function fields(tracker, moment) {
  const { infoHash, peerId, announceUrl, opts, port, _timeout } = tracker
  const { _in_interval, _last_opts, destoryed, _announce_intervals_timeout: timers } = tracker
  const inFlight = tracker._socket !== null && tracker._socket !== undefined
  // Two runs have two URLs.
  const ownUrl = announceUrl === url
  const fixed = { infoHash, peerId, ownUrl, opts, port, _timeout }
  const moving = { _in_interval, _last_opts, destoryed, timers: timers.length, inFlight }
  report(`${moment}: ${show(fixed)} ${show(moving)}`)
}

// What is left of a tracker that has been destroyed.
function remains(tracker) {
  const { destoryed, _socket, _announce_intervals_timeout: timers, _udpTimmers } = tracker
  const left = { destoryed, _socket, timers: timers.length, _udpTimmers: _udpTimmers.length }
  report(`destroyed: ${show(left)}`)
}

const startAndAnnounce = (context) => void context.create().announce(2, { downloaded: 1 })
const play = scenario.client ?? startAndAnnounce
play({ UdpTracker, url, report, show, watch, create, attempt, hold, told, pass, fields, remains })
