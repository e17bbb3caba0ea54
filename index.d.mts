// The types of bittorrent-udp-tracker for ES modules: those of index.d.ts, exported as index.mjs does.

import UdpTracker from './index.js'

export default UdpTracker
export { announce, drain, scrape, stats, TrackerError } from './index.js'
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
  DrainOptions,
  ErrorMessage,
  Events,
  InfoHashes,
  Limits,
  Options,
  Phase,
  Progress,
  ScrapeOptions,
  ScrapeResult,
  SendMessage,
  Stats,
  TrackerErrorCode,
  TrackerErrorDetails,
  Update
} from './index.js'
