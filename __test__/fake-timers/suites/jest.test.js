// The scenario inside Jest, with its timers on.
'use strict'

/* global jest, test, afterEach */

const scenario = require('./scenario.cjs')
const { TRACKER_URL: url, SILENT_URL: silentUrl } = process.env

const UdpTracker = require('bittorrent-udp-tracker')
const pass = (ms) => jest.advanceTimersByTime(ms)

afterEach(() => jest.useRealTimers())

test('answers under fake timers', async () => {
  jest.useFakeTimers()
  await scenario.isAnswered(UdpTracker, url)
})

test('answers after fake timers', async () => {
  jest.useFakeTimers()
  jest.useRealTimers()
  await scenario.isAnswered(UdpTracker, url)
})

test('announces again when the fake clock says so', async () => {
  jest.useFakeTimers()
  await scenario.announcesAgain(UdpTracker, url, pass)
})

test('gives up in real time', async () => {
  jest.useFakeTimers()
  await scenario.givesUp(UdpTracker, silentUrl)
  await scenario.isAborted(UdpTracker, silentUrl)
})

test('answers when it is loaded under fake timers', async () => {
  jest.useFakeTimers()
  jest.resetModules()
  const Loaded = require('bittorrent-udp-tracker')
  if (Loaded === UdpTracker) throw new Error('it was loaded before')
  await scenario.isAnswered(Loaded, url)
  await scenario.announcesAgain(Loaded, url, pass)
  await scenario.givesUp(Loaded, silentUrl)
})
