// The types of bittorrent-udp-tracker/bittorrent-tracker for CommonJS; index.d.mts re-exports them for ES modules. Written
// by hand: __test__/types-bittorrent-tracker.test.js holds them against the code.

/// <reference types="node" />

import { EventEmitter } from 'events'

import UdpTracker = require('../../index.js')

/**
 * Puts this package behind the `udp:` trackers of bittorrent-tracker's clients, of versions 7 to 11: in place, for the
 * clients that are there already from their next request on as well. Other trackers stay as they are.
 *
 * @param Client The class that bittorrent-tracker exports. A copy nested in another package has a class of its own.
 * @param transport Which way the requests go; that of a client's own options goes before it. A later patch without one
 * leaves it as it is.
 * @param opts Over which family the requests go.
 * @returns A function that takes this patch back. Called again it does nothing.
 * @throws TypeError if `Client` is not that class, and TypeError or RangeError if `transport` is invalid.
 */
export function patch(
  Client: abstract new (...args: any[]) => EventEmitter,
  transport?: Transport | null,
  opts?: PatchOptions | null
): () => void

/** The options of {@link patch}. */
export interface PatchOptions {
  /** As {@link ClientOptions.family}, which goes before it. */
  family?: 0 | 4 | 6 | 'both' | undefined
}

/**
 * A client of bittorrent-tracker's interface for `udp:` trackers: one torrent, any number of trackers. It has no dependency.
 *
 * A tracker that fails is a `warning`. So is a URL that is not `udp:`.
 */
export class Client extends EventEmitter {
  /**
   * Nothing is sent before {@link start}, {@link update} or another announce.
   *
   * @throws Error for a missing option, RangeError or TypeError for a wrong one; each names it.
   */
  constructor(opts: ClientOptions)

  /** Announces that the download starts, and from then on at the tracker's interval, half an hour until it has told one. */
  start(opts?: AnnounceOptions): void
  /** Announces that this peer leaves. Directly followed by {@link destroy} it still arrives. */
  stop(opts?: AnnounceOptions): void
  /** Announces that the download is complete. */
  complete(opts?: AnnounceOptions): void
  /** Announces without an event, or with `paused` (BEP 21) if `opts.event` says so. */
  update(opts?: AnnounceOptions): void
  /** Asks for the numbers of one torrent or several, of any number; of its own if there are none. */
  scrape(opts?: { infoHash?: Bytes | readonly Bytes[] | undefined }): void
  /** Announces every so many milliseconds from now on; 0 for never. An answer that tells an interval sets that again. */
  setInterval(intervalMs?: number): void
  /**
   * Emits nothing from here on. What is in flight has one second left.
   *
   * @param callback Called when it is over, in a later tick.
   */
  destroy(callback?: (error: null) => void): void

  /** The peer ID, 40 digits of hex in lower case. */
  readonly peerId: string
  /** The info-hash, 40 digits of hex in lower case. */
  readonly infoHash: string
  /** Whether {@link destroy} was called. */
  readonly destroyed: boolean

  /** Calls `listener` at every `event`. */
  on<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): this
  /** Calls `listener` at the next `event`. */
  once<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): this
  /** The same as {@link on}. */
  addListener<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): this
  /** Takes a listener away. */
  off<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): this
  /** The same as {@link off}. */
  removeListener<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): this
  /** Calls the listeners of `event`; returns whether there are any. */
  emit<K extends keyof Events>(event: K, ...args: Events[K]): boolean

  /**
   * Scrapes with a client of its own, and destroys it.
   *
   * @param callback Called once: with the numbers of the torrent, of several with an object that has them by info-hash, as
   * it was given.
   * @throws As the constructor.
   */
  static scrape(opts: ScrapeOptions, callback: ScrapeCallback): Client
}

/**
 * One `udp:` tracker of a client, with the interface of bittorrent-tracker's lib/client/udp-tracker.js, in whose place it may
 * be put. What becomes of its requests it emits on the client.
 */
export class UDPTracker extends EventEmitter {
  constructor(client: TrackerClient, announceUrl: string)

  /** Announces once. Nothing throws: what cannot be sent is a `warning`. */
  announce(opts?: AnnounceOptions): void
  /** As {@link Client.scrape}, at this tracker. */
  scrape(opts?: { infoHash?: Bytes | readonly Bytes[] | undefined }): void
  /** As {@link Client.setInterval}, at this tracker; `client._defaultAnnounceOpts()` gives what is announced. */
  setInterval(intervalMs?: number): void
  /** As {@link Client.destroy}, for this tracker; `callback` may be called at once. */
  destroy(callback?: (error: null) => void): void

  /** Whose it is. */
  readonly client: TrackerClient
  /** The URL as it was given. */
  readonly announceUrl: string
  /** Whether {@link destroy} was called. */
  readonly destroyed: boolean
  /** Milliseconds between announces while no tracker has told an interval. */
  readonly DEFAULT_ANNOUNCE_INTERVAL: number
  /** The timer of the next announce. */
  readonly interval: NodeJS.Timeout | null
  /** A function for each request in flight, which ends it. */
  readonly cleanupFns: Array<() => void>
  /** What `destroy` waits with. */
  readonly maybeDestroyCleanup: (() => void) | null
}

/** What a {@link UDPTracker} needs of its client. */
export interface TrackerClient {
  /** Emits `update`, `peer`, `scrape` and `warning`. */
  emit(event: string, ...args: any[]): boolean
  /** The info-hash in hex. */
  infoHash: string
  /** The info-hash, 20 bytes. */
  _infoHashBuffer: Uint8Array
  /** The peer ID, 20 bytes. */
  _peerIdBuffer: Uint8Array
  /** The port that the peer listens on. */
  _port: number
  /** As {@link ClientOptions.family}. */
  _family?: 0 | 4 | 6 | 'both' | undefined
  /** Which way the requests go. */
  _transport?: Transport | null | undefined
  /** As {@link ClientOptions.proxyOpts}. */
  _proxyOpts?: ProxyOptions | undefined
  /** What is announced at the end of an interval. */
  _defaultAnnounceOpts(): AnnounceOptions
}

/** 20 bytes, or those in hex. */
export type Bytes = Uint8Array | string

/** Bytes: a number, a BigInt or a text. A fraction is cut off; NaN and the like mean that it is not known. */
export type Counter = number | bigint | string

/** The options of a {@link Client}. */
export interface ClientOptions {
  /** The torrent. */
  infoHash: Bytes
  /** Who announces it. */
  peerId: Bytes
  /** One URL or several. */
  announce: string | Uint8Array | Iterable<string | Uint8Array>
  /** The port that this peer listens on, 0 to 65535. */
  port: number
  /** Called for each announce, those at the end of an interval too; what it returns goes before the other options. */
  getAnnounceOpts?: (() => AnnounceOptions) | undefined
  /** Which way the requests go. */
  transport?: Transport | null | undefined
  /**
   * Over which family requests go; over both, there is an `update` for each that answers, and a scrape goes over one of them.
   * Where it is left out, the environment variable BITTORRENT_UDP_TRACKER_FAMILY says it.
   *
   * @default 'both'
   */
  family?: 0 | 4 | 6 | 'both' | undefined
  /** A proxy as bittorrent-tracker is told of it. With one, no request goes any other way. */
  proxyOpts?: ProxyOptions | undefined
  /** For trackers that are not `udp:`. */
  rtcConfig?: unknown
  /** For trackers that are not `udp:`. */
  userAgent?: unknown
  /** For trackers that are not `udp:`. */
  wrtc?: unknown
}

/** What bittorrent-tracker is told of proxies. */
export interface ProxyOptions {
  /** As the package socks takes it, or `socks5://host:port`. Only type 5 relays UDP; any other is a `warning`. */
  socksProxy?: SocksProxy | string | undefined
  /** For trackers that are not `udp:`. */
  httpAgent?: unknown
  /** For trackers that are not `udp:`. */
  httpsAgent?: unknown
}

/** A proxy as the package socks takes it. */
export interface SocksProxy {
  /** Where it is, and who may use it. */
  proxy?: {
    /** Its address. */
    ipaddress?: string | undefined
    /** The same as `ipaddress`. */
    host?: string | undefined
    /** Its port. */
    port: number
    /** The version of SOCKS, which has to be 5. */
    type: number
    /** User name and password; `userId` and `password` are the same. */
    authentication?: { username?: string; password?: string } | undefined
    userId?: string | undefined
    password?: string | undefined
  }
}

/** What an announce says. */
export interface AnnounceOptions {
  /** Bytes uploaded; 0 by default. */
  uploaded?: Counter | undefined
  /** Bytes downloaded; 0 by default. */
  downloaded?: Counter | undefined
  /** Bytes still to download; not known by default, which is not a seed. */
  left?: Counter | null | undefined
  /** How many peers are wanted; 50 by default, -1 leaves it to the tracker. */
  numwant?: number | undefined
  /** `started`, `completed`, `stopped` or `paused`. The methods of a {@link Client} set their own. */
  event?: string | undefined
  /** What `http:` trackers are told; not sent. */
  [other: string]: unknown
}

/** The options of {@link Client.scrape}. */
export interface ScrapeOptions extends Partial<Omit<ClientOptions, 'infoHash'>> {
  /** The torrents. */
  infoHash: Bytes | readonly Bytes[]
  /** One URL or several. */
  announce: ClientOptions['announce']
}

/** The events of a {@link Client}. */
export interface Events {
  /** An answer to an announce. */
  update: [update: Update]
  /** A peer of an answer, `'1.2.3.4:5678'` or `'[2001:db8::1]:5678'`. */
  peer: [address: string]
  /** The numbers of one torrent. */
  scrape: [row: ScrapeData]
  /**
   * A tracker that failed: its own words, or what went wrong with ` (URL)` behind it. Of a failed request `code` is as in a
   * TrackerError of bittorrent-udp-tracker.
   */
  warning: [error: Error & { code?: string; url?: string }]
  /** Never emitted; bittorrent-tracker has it. */
  error: [error: Error]
}

/** An answer to an announce. */
export interface Update {
  /** The tracker's URL. */
  announce: string
  /** Peers that have everything. */
  complete: number
  /** Peers that are still downloading. */
  incomplete: number
}

/** The numbers of one torrent. */
export interface ScrapeData extends Update {
  /** As it was asked for; in hex if that was bytes. */
  infoHash: string
  /** How often the torrent was downloaded to the end. */
  downloaded: number
}

/** What {@link Client.scrape} calls. */
export type ScrapeCallback = (
  error: Error | null,
  results?: ScrapeData | { [infoHash: string]: ScrapeData }
) => void

/** Which way requests go: the option `transport` of bittorrent-udp-tracker. What is not there fails, with code NETWORK. */
export type Transport = UdpTracker.Transport
