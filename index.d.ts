// The types of bittorrent-udp-tracker for CommonJS; index.d.mts re-exports them for ES modules. Written by hand:
// __test__/types.test.js holds them against the code.

/// <reference types="node" />

import { EventEmitter } from 'events'

/**
 * A BitTorrent UDP tracker client for one torrent and one tracker (BEP 15).
 *
 * A mistake of the program throws. What comes out of a torrent or off the network is emitted as `error`.
 *
 * A subclass with events of its own names them: `class X extends UdpTracker<UdpTracker.Events & { mine: [number] }>`.
 */
declare class UdpTracker<E extends UdpTracker.Events = UdpTracker.Events> extends EventEmitter {
  /**
   * Nothing is looked up or sent before {@link announce} or {@link scrape}.
   *
   * @param peerId 20 bytes; a string is taken as UTF-8.
   * @param infoHash 20 bytes; a string is taken as hex.
   * @param announceUrl `udp://host[:port][/path][?query]`; the port is 80 if there is none. A URL that cannot be used
   * does not throw: `announce` and `scrape` emit `error` with a text that names it.
   * @throws RangeError for a wrong length, or an option out of its range.
   * @throws TypeError for a wrong type.
   */
  constructor(
    peerId: UdpTracker.Bytes,
    infoHash: UdpTracker.Bytes,
    announceUrl: string,
    opts?: UdpTracker.Options | null
  )

  /**
   * Announces once, emits `update` or `error`, and after an `update` announces again when the tracker's interval ends,
   * with the same `opts` object and its current numbers. After an `error` nothing is scheduled.
   *
   * While the interval runs it sends nothing, keeps `opts` for the next announce and emits `error` with
   * `not calling announce`, unless `opts.force` is true. While an announce is in flight it replaces that one.
   * After {@link destroy} it does nothing.
   *
   * @param event An unknown one emits `error` with `unknown event`, and nothing is sent.
   * @param opts The object is kept, and `event` is written into it.
   * @throws RangeError for a counter out of its range.
   * @throws TypeError if `opts` is not an object.
   */
  announce(event: UdpTracker.AnnounceEvent, opts?: UdpTracker.AnnounceOptions | null): void

  /**
   * Asks for the numbers of any count of torrents (BEP 15, "Scrape"), and emits `scrape` or `error`. An announce in
   * flight goes on. After {@link destroy} it does nothing.
   *
   * @param infoHashes This tracker's own torrent if there are none. An empty list emits `[]` and sends nothing.
   * @throws RangeError for a wrong length, TypeError for a wrong type, both with the index.
   */
  scrape(infoHashes?: UdpTracker.InfoHashes): void

  /** Ends all that goes on: nothing is emitted and nothing is sent from here on. Calling it twice is fine. */
  destroy(): void

  /** {@link destroy} in the spelling of version 1: the same function. */
  destory(): void

  /** Seconds that the tracker last asked to wait between announces; `null` before its first answer. */
  readonly interval: number | null

  /** The torrent, 20 bytes. Also in version 1; what an application puts here, the next announce sends. */
  infoHash: Buffer
  /** The peer ID, 20 bytes. Also in version 1; what an application puts here, the next announce sends. */
  peerId: Buffer
  /** The URL as it was given. Also in version 1; what an application puts here, the next announce uses. */
  announceUrl: string
  /** The constructor's options as they were given, `{}` if there were none. Also in version 1. */
  readonly opts: UdpTracker.Options
  /** The port as the two bytes that are sent. Also in version 1; what an application puts here, the next announce sends. */
  port: Buffer
  /** Whether {@link destroy} was called. Also in version 1, with its spelling. */
  readonly destoryed: boolean
  /** The option `_timeout`, in milliseconds. Kept for code written for version 1. */
  _timeout: number
  /** Whether the tracker's interval runs. Kept for code written for version 1. */
  readonly _in_interval: boolean
  /** The latest `opts` of {@link announce}; `null` before the first. Kept for code written for version 1. */
  readonly _last_opts: UdpTracker.AnnounceOptions | null
  /** The timer of the interval: `clearTimeout` on it stops the next announce. Kept for code written for version 1. */
  readonly _announce_intervals_timeout: NodeJS.Timeout[]
  /** An object while an announce is in flight, else `null`. Kept for code written for version 1. */
  readonly _socket: object | null
  /** Always empty: retransmission has no timers here. Kept for code written for version 1. */
  readonly _udpTimmers: NodeJS.Timeout[]

  /** Calls `listener` at every `event`. */
  on<K extends UdpTracker.Names<E>>(event: K, listener: UdpTracker.Listener<E[K]>): this
  /** Calls `listener` at the next `event`. */
  once<K extends UdpTracker.Names<E>>(event: K, listener: UdpTracker.Listener<E[K]>): this
  /** The same as {@link on}. */
  addListener<K extends UdpTracker.Names<E>>(event: K, listener: UdpTracker.Listener<E[K]>): this
  /** As {@link on}, before the listeners that are there. */
  prependListener<K extends UdpTracker.Names<E>>(
    event: K,
    listener: UdpTracker.Listener<E[K]>
  ): this
  /** As {@link once}, before the listeners that are there. */
  prependOnceListener<K extends UdpTracker.Names<E>>(
    event: K,
    listener: UdpTracker.Listener<E[K]>
  ): this
  /** Takes a listener away. */
  off<K extends UdpTracker.Names<E>>(event: K, listener: UdpTracker.Listener<E[K]>): this
  /** The same as {@link off}. */
  removeListener<K extends UdpTracker.Names<E>>(event: K, listener: UdpTracker.Listener<E[K]>): this
  /** Calls the listeners of `event`; returns whether there are any. */
  emit<K extends UdpTracker.Names<E>>(event: K, ...args: UdpTracker.Arguments<E[K]>): boolean
}

declare namespace UdpTracker {
  /**
   * Announces once. Needs no tracker object and may be used detached.
   *
   * Rejects with a {@link TrackerError}; with the signal's reason if it is aborted; with a RangeError or TypeError for
   * an argument that the constructor or {@link UdpTracker.announce} would throw for, or an unknown event.
   *
   * @param url As the constructor's `announceUrl`.
   */
  function announce(url: string, opts: AnnounceRequest): Promise<AnnounceResult>

  /**
   * Scrapes any number of torrents, 70 to a datagram (BEP 15, "Scrape"), and resolves to a result for each, in the order
   * asked, doubles included. An empty list resolves to `[]` and sends nothing. One failed datagram fails the whole.
   *
   * Rejects as {@link announce} does; an info-hash of a wrong length or type is named by its index.
   *
   * @param url As the constructor's `announceUrl`.
   */
  function scrape(
    url: string,
    infoHashes: InfoHashes,
    opts?: ScrapeOptions | null
  ): Promise<ScrapeResult[]>

  /** Counters of this process, all worker threads together; all 0 before the first request. */
  function stats(): Stats

  /** Why a promise of {@link announce} or {@link scrape} was rejected. The message is what `error` would emit. */
  class TrackerError extends Error {
    constructor(message: string, code: TrackerErrorCode)
    /** Why, for programs. */
    code: TrackerErrorCode
  }

  /**
   * - `TRACKER_ERROR`: the message is the tracker's own (BEP 15, action 3).
   * - `TIMEOUT`: no answer in time.
   * - `BAD_RESPONSE`: an answer that does not follow the protocol.
   * - `DNS`: the host has no address, or none of the family asked for.
   * - `BAD_URL`: the announce URL cannot be used.
   * - `NETWORK`: the system cannot send to that address, or the engine could not be started.
   */
  type TrackerErrorCode =
    'TRACKER_ERROR' | 'TIMEOUT' | 'BAD_RESPONSE' | 'DNS' | 'BAD_URL' | 'NETWORK'

  /** 20 bytes: a Buffer, a Uint8Array, or a string; an info-hash's string is hex, a peer ID's is UTF-8. */
  type Bytes = Uint8Array | string

  /** An array, a Set or another iterable of info-hashes. */
  type InfoHashes = Iterable<Bytes> & object

  /** What an announce reports, as the number of BEP 15 or as its word: 0, 1, 2, 3. */
  type AnnounceEvent = 0 | 1 | 2 | 3 | 'none' | 'completed' | 'started' | 'stopped'

  /** Bytes: a safe integer from 0, or a BigInt below 2^64. */
  type Counter = number | bigint

  /** The events and what their listeners get. */
  interface Events {
    /** The tracker's answer to an announce. */
    update: [update: Update]
    /** What went wrong, as a string: the tracker's own message, or a text of this package. */
    error: [message: string]
    /** The tracker's answer to {@link UdpTracker.scrape}, in the order asked. */
    scrape: [results: ScrapeResult[]]
    /** Emitted by every EventEmitter. */
    newListener: [event: string | symbol, listener: (...args: any[]) => void]
    /** Emitted by every EventEmitter. */
    removeListener: [event: string | symbol, listener: (...args: any[]) => void]
  }

  /** The names of events. */
  type Names<E> = keyof E & (string | symbol)

  /** The arguments of an event. */
  type Arguments<T> = T extends any[] ? T : never

  /** A listener of an event. */
  type Listener<T> = (...args: Arguments<T>) => void

  /** The answer to an announce (BEP 15, "announce response"). */
  interface Update {
    /** Peers that are still downloading. */
    leechers: number
    /** Peers that have everything. */
    seeds: number
    /** `'1.2.3.4:5678'`, or `'[2001:db8::1]:5678'` from a tracker that is reached over IPv6. */
    peers: string[]
  }

  /** What the static {@link announce} resolves to. */
  interface AnnounceResult extends Update {
    /** Seconds until the tracker wants the next announce. */
    interval: number
  }

  /** The numbers of one torrent (BEP 15, "scrape response"). */
  interface ScrapeResult {
    /** 40 digits of hex in lower case. */
    infoHash: string
    /** Peers that have everything. */
    seeds: number
    /** How often the torrent was downloaded to the end. */
    completed: number
    /** Peers that are still downloading. */
    leechers: number
  }

  /** What an announce says about its sender and how it is sent. */
  interface Options {
    /** The port that this peer listens on, 0 to 65535; 0 by default. */
    port?: number | string | undefined
    /**
     * Milliseconds above 0; 15000 by default. The wait after the n-th send of a datagram, n from 1 to 7, is
     * `_timeout * 2^n` (BEP 15, "Time outs").
     */
    _timeout?: number | string | undefined
    /** How many peers are wanted, up to 2^31 - 1; 50 by default, -1 leaves it to the tracker (BEP 15, `num_want`). */
    numWant?: number | undefined
    /** A number by which the tracker knows this peer when its address changes, 0 to 2^32 - 1; 0 by default. */
    key?: number | undefined
    /** The IPv4 address to announce, as text; none by default, and the tracker takes the sender's. */
    ip?: string | undefined
    /** 4: IPv4 only. 6: IPv6 only. 0, the default: what the host has, IPv4 first. */
    family?: 0 | 4 | 6 | undefined
    /**
     * A user name, at most 255 bytes in UTF-8, and a password, for trackers with the older authentication extension.
     * With it, path and query of the URL go out as that extension's request string, at most 255 bytes.
     */
    auth?: { username: string; password: string } | undefined
    /** Whether path and query of the URL are sent (BEP 41); true by default. */
    urlData?: boolean | undefined
  }

  /** What this peer has done in this session (BEP 15, "announce request"). */
  interface Counters {
    /** Bytes downloaded; 0 by default. */
    downloaded?: Counter | undefined
    /** Bytes still to download; 0 by default, which is a seed. */
    left?: Counter | undefined
    /** Bytes uploaded; 0 by default. */
    uploaded?: Counter | undefined
  }

  /** The options of {@link UdpTracker.announce}. */
  interface AnnounceOptions extends Counters {
    /** Send at once, whether or not the interval runs; false by default. It stays in force while it stays in the object. */
    force?: boolean | undefined
    /** Written by `announce`: the event, which is announced again when the interval ends. */
    event?: AnnounceEvent | undefined
  }

  /** When a promise is given up. */
  interface Limits {
    /** Rejects with the signal's reason when it is aborted. */
    signal?: AbortSignal | undefined
    /** Milliseconds for everything, look-up and retransmission included; 15000 by default. */
    timeout?: number | string | undefined
    /** As {@link Options._timeout}; a sixth of `timeout` by default, at most 15000. */
    _timeout?: number | string | undefined
  }

  /** The options of the static {@link announce}. */
  interface AnnounceRequest extends Options, Counters, Limits {
    /** 20 bytes; a string is taken as UTF-8. */
    peerId: Bytes
    /** 20 bytes; a string is taken as hex. */
    infoHash: Bytes
    /** 0, `none`, by default. */
    event?: AnnounceEvent | undefined
    /** As {@link Options._timeout}; a sixth of `timeout` by default, at most 15000. */
    _timeout?: number | string | undefined
  }

  /** The options of the static {@link scrape}. */
  interface ScrapeOptions extends Limits {
    /** As {@link Options.family}. */
    family?: 0 | 4 | 6 | undefined
    /** Called after each datagram that brought results. */
    onProgress?: ((progress: Progress) => void) | undefined
  }

  /** How far a scrape has come, in torrents. */
  interface Progress {
    /** How many have their result. */
    done: number
    /** How many were asked for. */
    total: number
  }

  /** Counters since the first request, except `pending`. A scrape counts as one request for each 70 torrents. */
  interface Stats {
    /** Requests that have not ended, look-ups included. */
    pending: number
    /** Requests with a usable URL and a host that was resolved. */
    requests: number
    /** Datagrams handed to the system. */
    sent: number
    /** Connects among them. */
    connects: number
    /** Datagrams among them that repeat one without an answer. */
    retransmissions: number
    /** Datagrams that came in. */
    received: number
    /** Requests among `requests` that ended with an answer. */
    answered: number
    /** Requests among `requests` that ended with an error. */
    failed: number
    /** Datagrams dropped: from an address and port that no request waits on. */
    droppedUnknown: number
    /** Datagrams dropped: the request they answer has ended. */
    droppedLate: number
    /** Datagrams that match no request; see the README, "Late, forged and duplicate datagrams". */
    droppedStray: number
    /** Datagrams that the system would not send. */
    sendErrors: number
    /** Errors in receiving. */
    receiveErrors: number
  }

  /** What every message of a diagnostics channel has. */
  interface DiagnosticsMessage {
    /** What was asked. */
    request: 'connect' | 'announce' | 'scrape'
    /** The announce URL as it was given; `null` for a connect, which all requests to an address share. */
    url: string | null
    /** In hex; `null` for a connect and for a scrape, which asks for many. */
    infoHash: string | null
  }

  /** A message of the channels `bittorrent-udp-tracker:send` and `bittorrent-udp-tracker:retransmission`. */
  interface SendMessage extends DiagnosticsMessage {
    /** The tracker's address and port, as in {@link Update.peers}. */
    address: string
    /** How often it has been sent, from 1. */
    attempt: number
  }

  /** A message of the channel `bittorrent-udp-tracker:answer`. */
  interface AnswerMessage extends SendMessage {
    /** Milliseconds since it was last sent. */
    roundTrip: number
  }

  /** A message of the channel `bittorrent-udp-tracker:error`. */
  interface ErrorMessage extends DiagnosticsMessage {
    request: 'announce' | 'scrape'
    /** The text of the `error` event. */
    message: string
    /** As in a {@link TrackerError}. */
    code: TrackerErrorCode
  }
}

export = UdpTracker
