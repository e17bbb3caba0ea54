// Puts the methods of UDPTracker on bittorrent-tracker's own class for `udp:` trackers. All its clients use them from their
// next request on, including those that exist already.
'use strict'

const addon = require('../engine/addon.js')
const check = require('../options/arguments.js')
const keepOwnOptions = require('./own-options.js')
const UDPTracker = require('./udp-tracker.js')
const { FAMILY, TRANSPORT } = require('./transport.js')

const METHODS = ['announce', 'scrape', 'setInterval', 'destroy']

const INFO_HASH = '00'.repeat(20)
const PEER_ID = Buffer.alloc(20)
const PORT = 6881
const URL = 'udp://127.0.0.1:6969'

// For each patched prototype: what takes our methods off it, and the patches in force, the latest last.
const patched = new WeakMap()

/**
 * Patches the tracker class of `Client`, bittorrent-tracker's of 7 to 11, whose requests then go the way of `transport` and
 * over `family`, unless the options of a client say otherwise. Returns a function that takes this patch back. Throws a
 * TypeError if `Client` is not that class, whatever is wrong with the options, and where no engine can be loaded the error with
 * the code ERR_NO_ADDON.
 */
function patch(Client, transport, opts) {
  const { family } = check.optionsObject(opts, 'opts', new Set(['family']))
  check.objectOptions({ transport, family })
  const prototype = trackerPrototype(Client)
  // Now, while its own trackers are still there: without an engine none of ours would work.
  addon.load()
  if (!patched.has(prototype)) {
    const takeOff = [replace(prototype), keepOwnOptions(baseOf(Client).prototype)]
    patched.set(prototype, { takeOff, patches: [] })
  }
  const { takeOff, patches } = patched.get(prototype)
  const one = { transport, family }
  patches.push(one)
  choose(prototype, patches)

  return function undo() {
    const index = patches.indexOf(one)
    if (index === -1) return
    patches.splice(index, 1)
    choose(prototype, patches)
    if (patches.length > 0) return
    for (const each of takeOff) each()
    patched.delete(prototype)
  }
}

// A patch without a transport keeps the earlier one: a library that patches must not bypass the application's proxy.
function choose(prototype, patches) {
  prototype[TRANSPORT] = latest(patches.map(({ transport }) => transport))
  prototype[FAMILY] = latest(patches.map(({ family }) => family))
}

const latest = (values) => values.filter(check.isGiven).pop()

// Installs our methods; returns a function that restores what was there.
function replace(prototype) {
  const own = {}
  for (const name of [...METHODS, TRANSPORT, FAMILY]) {
    own[name] = Object.getOwnPropertyDescriptor(prototype, name)
    const value = UDPTracker.prototype[name]
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true })
  }
  return () => {
    for (const name of Reflect.ownKeys(own)) {
      if (own[name] === undefined) delete prototype[name]
      else Object.defineProperty(prototype, name, own[name])
    }
  }
}

// bittorrent-tracker does not export its class for `udp:` trackers, but every client has instances. Creating a client sends
// nothing.
function trackerPrototype(Client) {
  const tracker = typeof Client === 'function' ? sample(Client) : undefined
  if (tracker === undefined || !isTracker(tracker)) {
    // What `await import('bittorrent-tracker')` gives.
    const isModule = Client !== null && typeof Client === 'object' && 'default' in Client
    const hint = isModule ? ': of an imported module pass `.default`' : ''
    throw new TypeError(
      `Client must be the class Client of bittorrent-tracker, version 7 to 11${hint}`
    )
  }
  return Object.getPrototypeOf(tracker)
}

function sample(Client) {
  // Version 7 has one argument for each.
  const argumentLists = [
    [{ infoHash: INFO_HASH, peerId: PEER_ID, announce: URL, port: PORT, wrtc: false }],
    [PEER_ID, PORT, { infoHash: INFO_HASH, announce: URL }, {}]
  ]
  for (const list of argumentLists) {
    try {
      const { _trackers: trackers } = new (baseOf(Client))(...list)
      if (Array.isArray(trackers) && trackers.length === 1) return trackers[0]
    } catch {
      // The other list may fit.
    }
  }
}

// A subclass may want other arguments.
function baseOf(Client) {
  let base = Client
  const isDeclaredIn = ({ prototype }) =>
    prototype && Object.hasOwn(prototype, '_defaultAnnounceOpts')
  while (base !== null && !isDeclaredIn(base)) base = Object.getPrototypeOf(base)
  return base
}

function isTracker(tracker) {
  return (
    Array.isArray(tracker.cleanupFns) &&
    METHODS.every((name) => typeof tracker[name] === 'function')
  )
}

module.exports = patch
