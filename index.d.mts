// The types of bittorrent-udp-tracker for ES modules: those of index.d.ts, exported as index.mjs does.

import UdpTracker from './index.js'

export default UdpTracker
export { announce, scrape, stats, TrackerError } from './index.js'
export type {
  AnnounceEvent,
  AnnounceOptions,
  AnnounceRequest,
  AnnounceResult,
  AnswerMessage,
  Bytes,
  Counter,
  Counters,
  DiagnosticsMessage,
  ErrorMessage,
  Events,
  InfoHashes,
  Limits,
  Options,
  Progress,
  ScrapeOptions,
  ScrapeResult,
  SendMessage,
  Stats,
  TrackerErrorCode,
  Update
} from './index.js'
