import { afterEach, test, vi } from 'vitest'
import UdpTracker from 'bittorrent-udp-tracker'
import scenario from './scenario.cjs'

const { TRACKER_URL: url, SILENT_URL: silentUrl } = process.env
const everything = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'queueMicrotask',
  'Date',
  'performance'
]
const pass = (ms) => vi.advanceTimersByTime(ms)

afterEach(() => vi.useRealTimers())

test('answers under fake timers', async () => {
  vi.useFakeTimers({ toFake: everything })
  await scenario.isAnswered(UdpTracker, url)
})

test('answers after fake timers', async () => {
  vi.useFakeTimers()
  vi.useRealTimers()
  await scenario.isAnswered(UdpTracker, url)
})

test('announces again when the fake clock says so', async () => {
  vi.useFakeTimers()
  await scenario.announcesAgain(UdpTracker, url, pass)
})

test('gives up in real time', async () => {
  vi.useFakeTimers({ toFake: everything })
  await scenario.givesUp(UdpTracker, silentUrl)
  await scenario.isAborted(UdpTracker, silentUrl)
})
