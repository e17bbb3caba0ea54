// The types of bittorrent-udp-tracker/bittorrent-tracker for ES modules: those of index.d.ts.

export { Client, UDPTracker, patch } from './index.js'
export type {
  AnnounceOptions,
  Bytes,
  ClientOptions,
  Counter,
  Events,
  PatchOptions,
  ProxyOptions,
  ScrapeCallback,
  ScrapeData,
  ScrapeOptions,
  SocksProxy,
  TrackerClient,
  Transport,
  Update
} from './index.js'
