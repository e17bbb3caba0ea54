// The one way to the engine and back. A request goes out as a record of commands.js and comes back once, as a record that
// outcomes.js reads, in the asynchronous context that it was made in.
//
// A request is an object with what is asked and who is told:
//
//   url        a string, whatever is in it
//   options    of `announceOptions` in lib/options/arguments.js: what all requests of a tracker have in common
//   timeout    milliseconds, finite and above 0: the original's `_timeout`
//   kind       'announce', 'scrape', 'connect' or 'preferences'
//   onAnswer(answer), onFailure(failure)    a Failure of failure.js
//
//   an announce: infoHash and peerId (20 bytes), port and event (numbers), downloaded, left and uploaded (numbers or
//   BigInts; `left` may be null). Its answer is {interval, leechers, seeds, peers}
//
//   a scrape: infoHashes (20 bytes each, one after another, of 60 torrents at most). Its answer is three numbers for
//   each: seeds, completed, leechers
//
//   a connect: retransmit (a boolean). Its answer is {address, family, lookup, roundTrip}, in milliseconds
//
//   preferences: its answer is where the host has trackers by its own word, as ['UDP:6969', 'TCP:80'], or null if it says nothing
//
// Its fields are read by the call that starts it, and not again. They have been checked: lib/options/arguments.js does that.
// `number` and `context` are the engine's to write.
'use strict'

const { AsyncResource } = require('node:async_hooks')

const addon = require('./addon.js')
const commands = require('./commands.js')
const { inContextOf, nobody } = require('./context.js')
const diagnostics = require('./diagnostics.js')
const { afterThis, nextTurn } = require('./event-loop.js')
const Failure = require('./failure.js')
const InFlight = require('./in-flight.js')
const lookUps = require('./look-ups.js')
const { Inbox } = require('./outcomes.js')

const ENGINE_DIED = 'tracker engine has stopped'

// How many buffers of outcomes `catchUp` takes at most.
const CATCH_UP = 1024

const inFlight = new InFlight()

let session = null
// 'native', or 'portable' where no addon loads.
let kind = 'native'
// Whether the engine has been asked to tell of datagrams.
let traced = false
// Whether the next turn of the event loop takes outcomes.
let scheduled = false
let spareInbox = null

// How many announces of the event `stopped` are in flight, and who waits for there being none.
const STOPPED = 3
let stopping = 0
const drains = new Set()

// The addon is loaded by the first call that needs it: most of what loading this package costs. After it nothing is read from
// the disk any more.
function open() {
  const { Session, engine = 'native' } = addon.load()
  kind = engine
  commands.open(submit)
  session = new Session(schedule)
}

function submit(records, length) {
  try {
    session.submit(records, length)
  } catch (error) {
    // No thread, no memory: every request in flight hears of it, and not from within the call that made it.
    afterThis(failAll, error.message, error.code)
  }
}

/** Starts a request. One of its two callbacks is called exactly once, unless it is cancelled. */
function start(request) {
  enter(request)
  try {
    commands[request.kind](request)
  } catch (error) {
    release(request)
    throw error
  }
}

/** Forgets a request: nothing is sent for it and nothing called. */
function cancel(request) {
  if (inFlight.get(request.number) !== request) return
  release(request)
  commands.cancel(request.number)
}

/** Has a request fail for having taken `timeout` milliseconds. An answer that is on its way to us still counts. */
function giveUp(request, timeout) {
  if (inFlight.get(request.number) === request) commands.giveUp(request.number, timeout)
}

function enter(request) {
  if (session === null) inContextOf(nobody, open)
  if (diagnostics.isWatched() !== traced) {
    commands.trace(!traced)
    traced = !traced
  }
  request.context = new AsyncResource('UdpTrackerRequest')
  request.number = inFlight.add(request)
  if (inFlight.size === 1) session.hold(true)
  if (request.event === STOPPED) stopping++
}

function release(request) {
  inFlight.remove(request.number)
  if (inFlight.size === 0) session.hold(false)
  if (request.event === STOPPED && --stopping === 0) {
    for (const drained of drains) drained()
    drains.clear()
  }
}

// Called by the engine when there are outcomes: a thousand times in one turn of the event loop if there are always more.
// Nothing is delivered from within it: a listener that spins the event loop by itself would get no further call.
function schedule() {
  if (scheduled) return
  scheduled = true
  inContextOf(nobody, nextTurn, dispatch)
}

// Takes one buffer of outcomes a turn of the event loop: timers and sockets of the application get theirs in between.
// A listener that spins the event loop by itself has this run within itself. Returns whether there were any.
function dispatch() {
  scheduled = false
  const inbox = spareInbox === null ? new Inbox() : spareInbox
  spareInbox = null
  const length = session.take(inbox.buffer)
  if (length > 0) schedule()
  for (let start = 0, end; start < length; start = end) {
    end = inbox.endOf(start)
    const number = inbox.numberOf(start)
    const request = inFlight.get(number)
    if (inbox.isTrace(start)) {
      inScopeOf(inbox.isOfRequest(start) ? request : undefined, report, inbox, start, end)
    } else if (inbox.isDecision(start)) {
      inScopeOf(undefined, tell, inbox, start, end)
    } else if (inbox.isOfLookUp(start)) {
      inScopeOf(undefined, lookUp, inbox, start, end)
    } else if (request !== undefined) {
      // One that was cancelled while its outcome was on the way has none.
      release(request)
      inScopeOf(request, deliver, inbox, start, end)
    }
  }
  spareInbox = inbox
  if (length < 0) failAll(ENGINE_DIED)
  return length > 0
}

// Calls `callback(request, …details)` in the context that the request was made in. What an application throws is its own,
// as with any emitter, and must not cost others their outcome.
function inScopeOf(request, callback, ...details) {
  const context = request === undefined ? nobody : request.context
  try {
    inContextOf(context, callback, request, ...details)
  } catch (error) {
    inContextOf(context, afterThis, raise, error)
  }
}

function raise(error) {
  throw error
}

function deliver(request, inbox, start, end) {
  if (inbox.isFailure(start)) fail(request, inbox.failure(start, end))
  else request.onAnswer(inbox.answer(start, end))
}

function fail(request, failure) {
  diagnostics.failed(request, failure)
  request.onFailure(failure)
}

// Tells of a datagram.
function report(request, inbox, start, end) {
  inbox.trace(diagnostics, request, start, end)
}

// Tells of a decision.
function tell(_, inbox, start, end) {
  inbox.decision(diagnostics, start, end)
}

// The engine wants something of an application's own look-up.
function lookUp(_, inbox, start, end) {
  inbox.lookUp(lookUps, start, end)
}

function failAll(text, causeCode) {
  const failure = new Failure(text, 'NETWORK', null, null, causeCode || null)
  // The engine that comes next knows nothing of subscribers.
  traced = false
  const failed = inFlight.all()
  // All of them before the first hears of it: what it asks for next goes to another engine.
  failed.forEach(release)
  for (const request of failed) inScopeOf(request, fail, failure)
}

/** Takes the outcomes that are there, before a call is given up: JavaScript may have been busy all the while. */
function catchUp() {
  if (session === null) return
  for (let taken = 0; taken < CATCH_UP && dispatch(); taken++);
}

/** How many announces of the event `stopped` are in flight. */
function countStopping() {
  return stopping
}

/** Calls `drained` when none of them is left; returns a function that forgets it. */
function whenDrained(drained) {
  drains.add(drained)
  return () => drains.delete(drained)
}

/** How many info-hashes a scrape may ask for: what one datagram has room for. */
function maxScrapeHashes() {
  if (session === null) inContextOf(nobody, open)
  return session.maxScrapeHashes()
}

/** Which engine it is, and its counters by name. */
function stats() {
  if (session === null) inContextOf(nobody, open)
  return { kind, counters: session.stats() }
}

module.exports = {
  cancel,
  catchUp,
  countStopping,
  giveUp,
  maxScrapeHashes,
  start,
  stats,
  whenDrained
}
