// Requests through a network that loses datagrams, and what came of them: the share that was answered, when, and with
// how many datagrams. What is not over when its time ends is cut; its times are then lower bounds.
'use strict'

const { setTimeout: sleep } = require('node:timers/promises')

const { total } = require('../../__test__/support/relay.js')
const { isOurs } = require('./implementations.js')
const { percentile } = require('./statistics.js')

const ALL = ['ours', 'original', 'bittorrent-tracker']
// Seconds after which a cell of the table is cut.
const LIMIT = 10
// By round trip in ms and loss in percent: within how many seconds 10,000 announces, or a scrape of 100,000, are to end.
const LOSSY_NETWORKS = [
  { roundTrip: 50, loss: 0, last: 1.2 },
  { roundTrip: 50, loss: 1, last: 1.8 },
  { roundTrip: 50, loss: 5, last: 2.5 },
  { roundTrip: 50, loss: 10, last: 3.5 },
  { roundTrip: 200, loss: 2, last: 3.5 }
]
// How finely the distribution of the times is kept, for a chart.
const QUANTILES = 200

const METRICS = {
  answered: { key: 'answered', title: 'answered, %', better: 'higher', digits: 2 },
  median: { key: 'median', title: 'median, ms', better: 'lower', digits: 0 },
  p99: { key: 'p99', title: 'p99, ms', better: 'lower', digits: 0 },
  last: { key: 'last', title: 'last, s', better: 'lower', digits: 2 },
  sentEach: { key: 'sentEach', title: 'datagrams sent an answer', better: 'lower', digits: 2 },
  overhead: { key: 'overhead', title: 'datagrams over what the loss takes', digits: 2 }
}
const USUAL_METRICS = Object.values(METRICS)

const lossText = (loss) => (loss === 0 ? 'nothing lost' : `${loss} % lost each way`)

/**
 * Calls `request(index, done)` for each of `count` until the last has ended or `limit` seconds are over: `atOnce` at a
 * time, or `perSecond` whatever becomes of them. `done(error)` ends one.
 */
function requestAll(request, { count, atOnce = count, perSecond, limit = LIMIT }) {
  return new Promise((resolve) => {
    const started = performance.now()
    const times = []
    let next = 0
    let ended = 0
    let isOver = false

    const finish = () => {
      clearTimeout(timer)
      isOver = true
      resolve(summarize(times, { count, limit }))
    }
    const timer = setTimeout(finish, limit * 1000)
    const start = (begun, onEnd) => {
      request(next++, (error) => {
        if (isOver) return
        const now = performance.now()
        if (!error) times.push({ time: now - begun, at: now - started })
        if (++ended === count) finish()
        else onEnd()
      })
    }
    const startInTurn = () => {
      if (next === count) return
      start(atOnce < count ? performance.now() : started, () => setImmediate(startInTurn))
    }
    if (perSecond === undefined) {
      for (let i = 0; i < atOnce; i++) startInTurn()
      return
    }
    for (let i = 0; i < count; i++) {
      // Counted from when it was due: a client that is late with the next request waits for this one.
      const due = (1000 * i) / perSecond
      setTimeout(() => start(started + due, () => {}), due)
    }
  })
}

/** The figures of requests that took `time` ms each and ended `at` ms; those that are missing have no answer. */
function summarize(times, { count, limit }) {
  const missing = count - times.length
  const all = [...times.map(({ time }) => time), ...new Array(missing).fill(Infinity)]
  const result = {
    answers: times.length,
    answered: (100 * times.length) / count,
    median: percentile(all, 0.5),
    p99: percentile(all, 0.99),
    last: missing > 0 ? Infinity : times.reduce((last, { at }) => Math.max(last, at), 0) / 1000,
    rate: rateOf(times),
    distribution: quantiles(all)
  }
  bound(result, { median: limit * 1000, p99: limit * 1000, last: limit })
  if (missing > 0) result.note = `${times.length} of ${count} answered within ${limit} s`
  return result
}

// Answers a second from the first to nine tenths of them: what is left then does not fill a network.
function rateOf(times) {
  const ends = times.map(({ at }) => at).sort((a, b) => a - b)
  const count = Math.floor(ends.length * 0.9)
  return count > 1 ? (1000 * (count - 1)) / (ends[count - 1] - ends[0]) : 0
}

/** Replaces times without an end by the least that they were, and says which. */
function bound(result, limits) {
  result.cut = Object.keys(limits).filter((key) => result[key] === Infinity)
  for (const key of result.cut) result[key] = limits[key]
}

// In milliseconds; null is never.
function quantiles(all) {
  const sorted = [...all].sort((a, b) => a - b)
  return Array.from({ length: QUANTILES + 1 }, (_, i) => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * i) / QUANTILES))]
    return Number.isFinite(value) ? Math.round(value * 10) / 10 : null
  })
}

/** Adds what the relay counted. `exchanges` is how many requests are needed when nothing is lost. */
function withCounts(result, counts, { implementation, exchanges, loss = 0 }) {
  const sent = total(counts, 'up')
  result.sentEach = sent / result.answers
  // The others need a connect for each request, and are not measured by ours.
  if (isOurs(implementation) && exchanges > 0) {
    const passes = (1 - loss / 100) ** 2
    result.overhead = sent / ((exchanges * result.answered) / 100 / passes)
  }
  if (counts.overflowed > 0) result.note = `the relay lost ${counts.overflowed} datagrams by itself`
  return result
}

module.exports = {
  ALL,
  LIMIT,
  LOSSY_NETWORKS,
  METRICS,
  USUAL_METRICS,
  bound,
  lossText,
  requestAll,
  sleep,
  withCounts
}
