import { test, vi } from 'vitest'
import scenario from './scenario.cjs'

// In a file of its own, which Vitest runs in a process or thread that has loaded nothing.

const { TRACKER_URL: url, SILENT_URL: silentUrl } = process.env

test('answers when it is loaded under fake timers', async () => {
  vi.useFakeTimers()
  const { default: UdpTracker } = await import('bittorrent-udp-tracker')
  await scenario.isAnswered(UdpTracker, url)
  await scenario.announcesAgain(UdpTracker, url, (ms) => vi.advanceTimersByTime(ms))
  await scenario.givesUp(UdpTracker, silentUrl)
  vi.useRealTimers()
})
