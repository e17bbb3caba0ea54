// The types of bittorrent-udp-tracker for ES modules: those of index.d.ts, exported as index.mjs does.

import UdpTracker from './index.js'

export default UdpTracker
export { announce, drain, scrape, stats, TrackerError } from './index.js'
export type {
  AnnounceEvent,
  AnnounceOptions,
  AnnounceRequest,
  AnnounceRequestOfBoth,
  AnnounceResult,
  AnnounceResultOfBoth,
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
  LookupOptions,
  Options,
  Phase,
  Progress,
  Proxy,
  ScrapeOptions,
  ScrapeResult,
  SendMessage,
  Stats,
  TrackerErrorCode,
  TrackerErrorDetails,
  Transport,
  Update
} from './index.js'
