// The process of a scenario: plays the client's side on one implementation and writes what it sees, a line of JSON each.
// Nothing in here keeps the process alive unless the scenario asks for it.

import fs from 'node:fs'
import readline from 'node:readline'
import { inspect } from 'node:util'

import { load } from './implementations.mjs'

const [implementation, file, name, url, reports] = process.argv.slice(2)
const { default: scenarios } = await import(file)
const scenario = scenarios.find((candidate) => candidate.name === name)

const PEER_ID = Buffer.from('-XX0001-012345678901')
const INFO_HASH = Buffer.from('00112233445566778899aabbccddeeff01234567', 'hex')
const PORT = 6881

const EVENTS = ['update', 'peer', 'scrape', 'warning', 'error']

// Written at once, so that a process that crashes has reported all it saw.
function report(...texts) {
  fs.appendFileSync(reports, `${JSON.stringify(texts.join(' '))}\n`)
}

// The port of the tracker is another one each time.
function show(value) {
  const text =
    value instanceof Error
      ? value.message
      : inspect(value, { breakLength: Infinity, maxArrayLength: null })
  return text.replaceAll(url, 'URL').replaceAll(new URL(url).host, 'HOST')
}

process.on('uncaughtExceptionMonitor', (error) => report('uncaught', show(error)))

const Client = await load(implementation)

function create(opts) {
  const client = new Client({
    peerId: PEER_ID,
    infoHash: INFO_HASH,
    announce: url,
    port: PORT,
    wrtc: false,
    ...opts
  })
  for (const event of EVENTS) client.on(event, (value) => report('emits', event, show(value)))
  return client
}

// Keeps the process alive until the function that it returns is called.
function hold() {
  const timer = setInterval(() => {}, 2 ** 30)
  return () => clearInterval(timer)
}

const words = new Map()
let lines = null
// Resolves when the tracker's side says the word.
function told(word) {
  if (lines === null) {
    lines = readline.createInterface({ input: process.stdin })
    lines.on('line', (line) => words.get(line)?.())
  }
  return new Promise((resolve) => words.set(word, resolve)).then(() => process.stdin.destroy())
}

// Tells the tracker's side.
function say(word) {
  fs.writeSync(1, `${word}\n`)
}

await scenario.client({ Client, create, hold, report, say, show, told, url })
