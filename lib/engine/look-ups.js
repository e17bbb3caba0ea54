// Look-ups that applications do themselves (`transport.lookup`): the engine asks, the function answers when it likes.
'use strict'

const isIP = require('../options/is-ip.js')
const commands = require('./commands.js')

// More addresses of a host are not asked; src/net/names/mod.rs has the same limit.
const MOST_ADDRESSES = 256
// How much of a reason its text repeats.
const LONGEST_REASON = 500
// Its length has a byte, and each letter three at most.
const LONGEST_CODE = 85

const numbers = new WeakMap()
const functions = new Map()
const forgotten = new FinalizationRegistry((number) => functions.delete(number))
let last = 0

// The look-ups that are under way, by the engine's numbers.
const underWay = new Map()

/** The number that the engine knows this function by. It does not keep the function alive. */
function numberOf(lookup) {
  let number = numbers.get(lookup)
  if (number === undefined) {
    number = ++last
    numbers.set(lookup, number)
    functions.set(number, new WeakRef(lookup))
    forgotten.register(lookup, number)
  }
  return number
}

/** The engine wants the addresses of `host`, of `family` unless that is 0. */
function start(question, number, host, family) {
  const controller = new AbortController()
  underWay.set(question, controller)
  addressesOf(number, host, family, controller.signal).then(
    (addresses) => {
      if (isWanted(question, controller)) commands.found(question, addresses.join(','))
    },
    (error) => {
      if (isWanted(question, controller)) {
        commands.notFound(question, codeOf(error), reasonOf(error))
      }
    }
  )
}

async function addressesOf(number, host, family, signal) {
  const reference = functions.get(number)
  const lookup = reference && reference.deref()
  if (lookup === undefined) throw new Error('lookup is gone')
  const found = await answerOf(lookup, host, { family, all: true, signal })
  const entries = (Array.isArray(found) ? found : [found]).slice(0, MOST_ADDRESSES)
  if (entries.length === 0) throw new Error('lookup found no address')
  return entries.map(addressOf)
}

// `dns.lookup` and its kind answer by a callback, others by what they return; of one that does both, the first counts.
function answerOf(lookup, host, options) {
  return new Promise((resolve, reject) => {
    const callback = (error, found) => (isNothing(error) ? resolve(found) : reject(error))
    const returned = lookup(host, options, callback)
    const hasCallback = lookup.length > 2
    if (returned && typeof returned.then === 'function') {
      returned.then((found) => {
        if (!hasCallback || !isNothing(found)) resolve(found)
      }, reject)
    } else if (Array.isArray(returned) || (!hasCallback && lookup.length > 0)) {
      resolve(returned)
    }
    // What else it returns is its own, a request for example: it calls back.
  })
}

const isNothing = (value) => value === undefined || value === null

// Of an address as text, or as `dns.lookup` has it.
function addressOf(entry) {
  const isObject = typeof entry === 'object' && entry !== null
  const address = isObject ? entry.address : entry
  if (typeof address !== 'string' || isIP(address) === 0 || address.includes('%')) {
    throw new TypeError(`lookup gave no IP address: ${shown(address)}`)
  }
  return address
}

function shown(value) {
  return typeof value === 'string' ? value.slice(0, 100) : typeof value
}

// Whatever it is that was thrown, this does not throw.
function reasonOf(error) {
  try {
    const text = error instanceof Error ? error.message : String(error)
    return String(text).slice(0, LONGEST_REASON) || 'lookup failed'
  } catch {
    return 'lookup failed'
  }
}

// By its code, such as EAI_AGAIN, the engine knows whether asking again may help.
function codeOf(error) {
  try {
    const { code } = error
    return typeof code === 'string' && code.length <= LONGEST_CODE ? code : ''
  } catch {
    return ''
  }
}

// Nobody waits for one that has been forgotten.
function isWanted(question, controller) {
  return underWay.get(question) === controller && underWay.delete(question)
}

/** Nobody waits for this look-up any more: its signal is aborted. */
function forget(question) {
  const controller = underWay.get(question)
  if (controller === undefined) return
  underWay.delete(question)
  controller.abort()
}

module.exports = { forget, numberOf, start }
