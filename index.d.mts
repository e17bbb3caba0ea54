// The types of bittorrent-udp-tracker for ES modules: those of index.d.ts, exported as index.mjs does.

import UdpTracker from './index.js'

export default UdpTracker
export { UdpTracker }
export { announce, drain, once, ping, scrape, stats, TrackerError } from './index.js'
export type {
  AnnounceEvent,
  AnnounceOptions,
  AnnounceRequest,
  AnnounceRequestOfAny,
  AnnounceRequestOfBoth,
  AnnounceResult,
  AnnounceResultOfBoth,
  AnswerMessage,
  Bytes,
  Counter,
  Counters,
  DecisionMessage,
  DiagnosticsMessage,
  DrainOptions,
  ErrorMessage,
  Events,
  FamilyUpdate,
  InfoHashes,
  Limits,
  Lookup,
  LookupAddress,
  LookupOptions,
  Options,
  Phase,
  PingOptions,
  PingOptionsOfBoth,
  PingResult,
  PingResultOfBoth,
  Progress,
  Proxy,
  RequestOptions,
  ScrapeOptions,
  ScrapeResult,
  SendMessage,
  Stats,
  StopOptions,
  StreamOptions,
  TrackerErrorCode,
  TrackerErrorDetails,
  Transport,
  Update
} from './index.js'
