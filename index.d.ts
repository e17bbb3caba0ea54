// The types of bittorrent-udp-tracker for CommonJS; index.d.mts re-exports them for ES modules. Written by hand:
// __test__/types.test.js holds them against the code.

/// <reference types="node" />

import { EventEmitter } from 'events'

declare const events: unique symbol

import Itself = UdpTracker

/**
 * A BitTorrent UDP tracker client for one torrent and one tracker (BEP 15).
 *
 * A mistake in the program throws. What comes out of a torrent or off the network is emitted as `error`.
 *
 * A subclass with events of its own names them: `class X extends UdpTracker<UdpTracker.Events & { mine: [number] }>`.
 *
 * @example
 * const tracker = new UdpTracker(peerId, infoHash, 'udp://tracker.example.org:6969/announce', { port: 6881 })
 * tracker.on('update', ({ seeds, leechers, peers }) => console.log(seeds, leechers, peers))
 * tracker.on('error', (text) => console.error(text))
 * tracker.announce('started', { downloaded: 0, left: 734003200, uploaded: 0 })
 */
declare class UdpTracker<E extends UdpTracker.Events = UdpTracker.Events> extends EventEmitter {
  /**
   * Nothing is looked up or sent before {@link announce} or {@link scrape}.
   *
   * @param peerId 20 bytes; a string is taken as UTF-8.
   * @param infoHash 20 bytes, or a string of 40 digits of hex; of the 32 bytes or 64 digits of BitTorrent v2 the first
   * 20 bytes are sent, as BEP 52 says.
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
   * What cannot be sent of `opts` when the interval ends is told by `error`, and counts as not known: the torrent stays
   * announced.
   *
   * @param opts The object is kept, and `event` is written into it.
   * @throws RangeError for a counter out of its range, or what an application put into a field and cannot be sent;
   * nothing is changed then, and an announce in flight goes on.
   * @throws TypeError if `opts` is not an object.
   *
   * @example
   * tracker.announce('started', { left: Infinity })
   * tracker.announce('none', { force: true, downloaded: 16384, left: 0, uploaded: 0 })
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

  /**
   * Says `stopped` at once, whatever the interval says, and destroys the tracker: nothing is emitted from here on. The promise
   * is never rejected, and resolves to whether the tracker has answered; over both families, whether one has.
   *
   * @throws RangeError or TypeError for a wrong `timeout`.
   *
   * @example
   * process.once('SIGTERM', async () => {
   *   await tracker.stop({ timeout: 3000 })
   *   process.exit()
   * })
   */
  stop(opts?: UdpTracker.StopOptions | null): Promise<boolean>

  /** Ends everything: nothing is emitted and nothing is sent from then on. Calling it twice is fine. */
  destroy(): void

  /**
   * {@link destroy} in the spelling of version 1: the same function.
   *
   * @deprecated Use {@link destroy}.
   */
  destory(): void

  /** Seconds that the tracker last asked to wait between announces; `null` before its first answer. */
  readonly interval: number | null

  /**
   * The torrent, 20 bytes. Also in version 1; what an application puts here, the next announce sends. What the
   * constructor takes may be put here as well.
   */
  get infoHash(): Buffer
  set infoHash(value: UdpTracker.Bytes)
  /** The peer ID, 20 bytes. Also in version 1; what an application puts here, the next announce sends. */
  get peerId(): Buffer
  set peerId(value: UdpTracker.Bytes)
  /** The URL as it was given. Also in version 1; what an application puts here, the next announce uses. */
  announceUrl: string
  /** The constructor's options as they were given, `{}` if there were none. Also in version 1. */
  readonly opts: UdpTracker.Options
  /**
   * The port as the two bytes that are sent. Also in version 1; what an application puts here, the next announce sends,
   * be it two bytes or a number.
   */
  get port(): Buffer
  set port(value: Uint8Array | number)
  /** Whether {@link destroy} or {@link stop} was called. */
  readonly destroyed: boolean
  /**
   * The same in the spelling of version 1.
   *
   * @deprecated Use {@link destroyed}.
   */
  readonly destoryed: boolean
  /** With the option `retry`: how many announces in a row have failed. Without it 0. */
  readonly failures: number
  /** With the option `retry`: the text of the latest failure; `null` after an answer. Without it `null`. */
  readonly lastError: string | null
  /** With the option `retry`: when it announces again; `null` while it announces, or will not. Without it `null`. */
  readonly nextAnnounce: Date | null
  /**
   * The option `_timeout`, in milliseconds; what an application puts here, the next announce has.
   *
   * @deprecated Kept for code written for version 1.
   */
  _timeout: number
  /**
   * Whether the tracker's interval runs.
   *
   * @deprecated Kept for code written for version 1.
   */
  readonly _in_interval: boolean
  /**
   * The latest `opts` of {@link announce}; `null` before the first.
   *
   * @deprecated Kept for code written for version 1.
   */
  readonly _last_opts: UdpTracker.AnnounceOptions | null
  /**
   * The timer of the interval: `clearTimeout` on it stops the next announce.
   *
   * @deprecated Kept for code written for version 1; {@link destroy} stops it too.
   */
  readonly _announce_intervals_timeout: NodeJS.Timeout[]
  /**
   * An object while an announce is in flight, else `null`.
   *
   * @deprecated Kept for code written for version 1.
   */
  readonly _socket: object | null
  /**
   * Always empty: retransmission has no timers here.
   *
   * @deprecated Kept for code written for version 1.
   */
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

  /**
   * The next `event` as a promise of its arguments: `once` of `node:events`, typed. Rejects with the text of an `error`,
   * a string, if that comes first.
   *
   * @example
   * const [{ peers }] = await UdpTracker.once(tracker, 'update', { signal: AbortSignal.timeout(20000) })
   */
  static once<E extends UdpTracker.Events, K extends UdpTracker.Names<E>>(
    tracker: UdpTracker<E>,
    event: K,
    options?: { signal?: AbortSignal | undefined }
  ): Promise<UdpTracker.Arguments<E[K]>>
  /** Any other emitter's, as `once` of `node:events`. */
  static once(
    emitter: EventEmitter & { destory?: never },
    event: string | symbol,
    options?: { signal?: AbortSignal | undefined }
  ): Promise<any[]>
  /** An event target's, as `once` of `node:events`. */
  static once(
    target: EventTarget,
    event: string,
    options?: { signal?: AbortSignal | undefined }
  ): Promise<any[]>

  /** Does not exist at run time: it tells the compiler the events of a subclass. */
  readonly [events]?: E
}

declare namespace UdpTracker {
  /** The class under its name, for `import { UdpTracker } from 'bittorrent-udp-tracker'`. */
  export import UdpTracker = Itself

  /**
   * Announces over IPv4 and over IPv6, with one key for both: `opts.key`, or a random one of this process. Rejects only if
   * both fail, with a {@link TrackerError} whose `errors` are the two.
   *
   * @param url As the constructor's `announceUrl`.
   */
  function announce(url: string, opts: AnnounceRequestOfBoth): Promise<AnnounceResultOfBoth>

  /**
   * Announces once. Needs no tracker object, and works without the class in front of it.
   *
   * @example
   * const { seeds, peers } = await announce('udp://tracker.example.org:6969', { peerId, infoHash, port: 6881 })
   *
   * Rejects with a {@link TrackerError}; with the signal's reason if it is aborted; with a RangeError or TypeError for
   * an argument that the constructor or {@link UdpTracker.announce} would throw for, or an unknown event.
   *
   * @param url As the constructor's `announceUrl`.
   */
  function announce(url: string, opts: AnnounceRequest): Promise<AnnounceResult>

  /** Announces over one family or both, as `opts.family` says, which only the running program knows. */
  function announce(
    url: string,
    opts: AnnounceRequest | AnnounceRequestOfBoth | AnnounceRequestOfAny
  ): Promise<AnnounceResult | AnnounceResultOfBoth>

  /** The first again: of several, the last is what `Parameters` and `ReturnType` see. */
  function announce(url: string, opts: AnnounceRequest): Promise<AnnounceResult>

  /**
   * Scrapes any number of torrents, 60 to a datagram (BEP 15, "Scrape"), and resolves to a result for each, in the order
   * asked, also for one that is asked for twice. An empty list resolves to `[]` and sends nothing. If a datagram fails for good, the whole does; the
   * error's `results` are those that came in.
   *
   * Rejects as {@link announce} does; an info-hash of a wrong length or type is named by its index.
   *
   * @param url As the constructor's `announceUrl`.
   */
  function scrape(
    url: string,
    infoHashes: Bytes | InfoHashes,
    opts?: ScrapeOptions | null
  ): Promise<ScrapeResult[]>

  namespace scrape {
    /**
     * Scrapes what any iterable or async iterable gives, be it millions: iterates over the rows in the order asked, as many at
     * a time as have come in. The source is read as rows are taken, and what is held is bounded.
     *
     * It throws what {@link scrape} rejects with once all that has come in has been taken: of the rows behind one that is missing
     * too, in the order asked. Leaving the loop ends it.
     *
     * @example
     * for await (const rows of scrape.stream(url, infoHashes)) for (const { infoHash, seeds } of rows) save(infoHash, seeds)
     */
    function stream(
      url: string,
      infoHashes: Bytes | InfoHashes | AsyncIterable<Bytes>,
      opts?: StreamOptions | null
    ): AsyncGenerator<ScrapeResult[], void, undefined>
  }

  /**
   * Connects to a tracker, and says how long the answer took. A connect puts nothing into a tracker's list of peers. It always
   * goes out, whatever connection ID is known, as one datagram to one address: what is lost is lost, unless
   * {@link PingOptions.retransmit} is set. A closed port is told at once, as far as the network tells it.
   *
   * The times are the engine's: a busy JavaScript thread and other requests do not add to them.
   *
   * @example
   * const { address, roundTrip } = await ping('udp://tracker.example.org:6969', { timeout: 5000 })
   *
   * Rejects as {@link announce} does.
   *
   * @param url As the constructor's `announceUrl`.
   */
  function ping(url: string, opts?: PingOptions | null): Promise<PingResult>

  /** Connects over IPv4 and over IPv6. Rejects only if both fail, with a {@link TrackerError} whose `errors` are the two. */
  function ping(url: string, opts: PingOptionsOfBoth): Promise<PingResultOfBoth>

  /**
   * Waits until every announce of the event `stopped` that is under way in this thread has been answered or has failed,
   * or time is up: for the end of a program. Resolves to how many of them have not.
   *
   * @example
   * for (const tracker of trackers) tracker.announce('stopped')
   * await UdpTracker.drain({ timeout: 3000 })
   * process.exit()
   */
  function drain(opts?: DrainOptions | null): Promise<number>

  /** Counters of this process, all worker threads together; all 0 before the first request. */
  function stats(): Stats

  /** Why a promise of {@link announce}, {@link scrape} or {@link ping} was rejected. The message is what `error` would emit. */
  class TrackerError extends Error {
    constructor(message: string, code: TrackerErrorCode, details?: TrackerErrorDetails)
    /** Why, for programs. */
    code: TrackerErrorCode
    /** The announce URL as it was given. */
    url?: string
    /** The tracker's address and port, as in {@link Update.peers}, where one is known. */
    address?: string
    /** What the call was doing, where that is known. */
    phase?: Phase
    /** Of a scrape: the results that had come in, in the order asked. */
    results?: ScrapeResult[]
    /** Of an announce or a ping over both families that failed over both: the errors of each. */
    errors?: { 4: TrackerError; 6: TrackerError }
    /**
     * An Error whose `code` is the system's, `ENOTFOUND` for example, where it has one. Of a `BAD_RESPONSE` the code is what is
     * wrong: `CONNECT_LENGTH`, `ANNOUNCE_LENGTH`, `SCRAPE_LENGTH`, `ERROR_LENGTH`, `TRANSACTION_ID` or `ACTION`.
     */
    cause?: unknown
  }

  /** What a {@link TrackerError} knows beside its text and its code. */
  interface TrackerErrorDetails {
    /** As {@link TrackerError.url}. */
    url?: string | undefined
    /** As {@link TrackerError.address}. */
    address?: string | null | undefined
    /** As {@link TrackerError.phase}. */
    phase?: Phase | null | undefined
    /** As {@link TrackerError.results}. */
    results?: ScrapeResult[] | undefined
    /** As {@link TrackerError.errors}. */
    errors?: { 4: TrackerError; 6: TrackerError } | undefined
    /** As {@link TrackerError.cause}. */
    cause?: unknown
  }

  /** A part of a call: the look-up of its host, the connect to its tracker, and what it is for. */
  type Phase = 'lookup' | 'connect' | 'announce' | 'scrape'

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

  /**
   * 20 bytes: a Buffer, a Uint8Array, or a string; an info-hash's string is hex, a peer ID's is UTF-8. An info-hash may
   * have the 32 bytes of BitTorrent v2 (BEP 52).
   */
  type Bytes = Uint8Array | string

  /** An array, a Set or another iterable of info-hashes. */
  type InfoHashes = Iterable<Bytes> & object

  /** What an announce reports, as the number of BEP 15 or as its word: 0, 1, 2, 3, and the 4 of BEP 21. */
  type AnnounceEvent = 0 | 1 | 2 | 3 | 4 | 'none' | 'completed' | 'started' | 'stopped' | 'paused'

  /** Bytes: a safe integer from 0, or a BigInt below 2^64. */
  type Counter = number | bigint

  /** The events and what their listeners get. */
  interface Events {
    /** The tracker's answer to an announce. */
    update: [update: FamilyUpdate]
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

  /** What `update` carries. */
  interface FamilyUpdate extends Update {
    /** Over which family it came; only with `family: 'both'`. */
    family?: 4 | 6 | undefined
  }

  /** What the static {@link announce} resolves to. */
  interface AnnounceResult extends Update {
    /** Seconds until the tracker wants the next announce. */
    interval: number
  }

  /** What an announce over both families resolves to: an error in the place of a family that failed. */
  interface AnnounceResultOfBoth {
    /** Over IPv4. */
    4: AnnounceResult | TrackerError
    /** Over IPv6. */
    6: AnnounceResult | TrackerError
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
  interface RequestOptions {
    /**
     * The port that this peer listens on, 0 to 65535. Many trackers refuse 0.
     *
     * @default 0
     */
    port?: number | string | undefined
    /**
     * Milliseconds; less than 1 counts as 1, and 0 as none given. The wait after the n-th send of a datagram, n from 1
     * to 7, is `_timeout * 2^n` at most (BEP 15, "Time outs").
     *
     * @default 15000
     */
    _timeout?: number | string | undefined
    /**
     * How many peers are wanted, up to 2^31 - 1; -1 leaves it to the tracker (BEP 15, `num_want`).
     *
     * @default 50
     */
    numWant?: number | undefined
    /**
     * A number by which the tracker knows this peer when its address changes, 0 to 2^32 - 1.
     *
     * @default 0
     */
    key?: number | undefined
    /** The IPv4 address to announce, as text; none by default, and the tracker takes the sender's. */
    ip?: string | undefined
    /**
     * 4: IPv4 only. 6: IPv6 only. 0: what the host has, IPv4 first.
     *
     * @default 0
     */
    family?: 0 | 4 | 6 | undefined
    /**
     * A user name, at most 255 bytes in UTF-8, and a password, for trackers with the older authentication extension.
     * With it, path and query of the URL go out as that extension's request string, at most 255 bytes.
     */
    auth?: { username: string; password: string } | undefined
    /**
     * Whether path and query of the URL are sent (BEP 41).
     *
     * @default true
     */
    urlData?: boolean | undefined
    /** The way out; the system's by default. */
    transport?: Transport | null | undefined
  }

  /** The options of the constructor. */
  interface Options extends Omit<RequestOptions, 'family'> {
    /**
     * 4: IPv4 only. 6: IPv6 only. 0: what the host has, IPv4 first. `'both'`: over each; an `update` for each that answers, told
     * apart by its `family`, and an `error` only if both fail. The interval is the longer of the two.
     *
     * @default 0
     */
    family?: 0 | 4 | 6 | 'both' | undefined
    /**
     * Whether it announces again by itself after a failure: after 20 s, 1, 5, 15, 30, and then every 60 minutes, and never later
     * than the tracker's interval; a fifth of that at most is left out, at random. After the tracker's own words it starts at a
     * minute, and for an unusable URL there is no other announce.
     *
     * @default false
     */
    retry?: boolean | undefined
    /**
     * `'once'`: `started` and `completed` are said once, and the interval's next announce says `none`; after `stopped` there is
     * none. Otherwise each interval repeats the last event, as in version 1.
     */
    events?: 'once' | undefined
    /**
     * The shortest wait between announces, in seconds, whatever the tracker says; less than 1 counts as 1.
     *
     * @default 1
     */
    minInterval?: number | undefined
    /**
     * How much of the interval is added to it at most, at random, 0 to 1: torrents that started together do not stay together.
     *
     * @default 0
     */
    jitter?: number | undefined
    /**
     * Whether the wait for the next announce keeps the process alive.
     *
     * @default false
     */
    keepAlive?: boolean | undefined
    /**
     * Milliseconds that an announce may take from start to end, and that a scrape may be without results. Without it
     * {@link RequestOptions._timeout} alone says when a request is given up; with `retry` it is 60000.
     */
    timeout?: number | string | undefined
    /** Destroys the tracker when it is aborted. */
    signal?: AbortSignal | null | undefined
  }

  /**
   * The way out. It fails closed: while what is named here is not there, requests end with an error, and nothing goes any
   * other way. Requests with equal transports share sockets, connection IDs and look-ups; with different ones nothing.
   * At most 64 are in use at once. An option that is not known throws.
   */
  interface Transport {
    /** The address to send from, at most one a family. With one, a family without one is not used. */
    localAddress?: string | string[] | undefined
    /** The network interface to send through, look-ups included. */
    interface?: string | undefined
    /**
     * A SOCKS5 proxy: `socks5h://[username:password@]host[:port]`, which resolves the trackers' names, `socks5://`, for
     * which they are resolved here, or the same as an object.
     */
    proxy?: string | Proxy | undefined
    /**
     * Looks hosts up instead of the system, and is asked for addresses in URLs as well, so that it may refuse them: what it
     * throws is the error's reason, and a `code` of it that of `cause`. With a code of what may pass, such as EAI_AGAIN, it is
     * asked again as long as the request has time. The first 256 addresses are asked.
     */
    lookup?: Lookup | undefined
  }

  /** A SOCKS5 proxy (RFC 1928, RFC 1929) with UDP. */
  interface Proxy {
    /** A host name or an address. */
    host: string
    /** 1 to 65535. */
    port: number
    /** 1 to 255 bytes in UTF-8. */
    username?: string | undefined
    /** 1 to 255 bytes in UTF-8. */
    password?: string | undefined
    /**
     * Who resolves the trackers' names: the proxy, or this machine.
     *
     * @default 'remote'
     */
    dns?: 'remote' | 'local' | undefined
  }

  /** An address as text, or as `dns.lookup` gives it. */
  type LookupAddress = string | { address: string; family?: number | undefined }

  /**
   * `dns.lookup`, `dns.promises.lookup`, or a function like one of them. It calls back or returns a promise, with addresses or
   * with one.
   */
  type Lookup = (
    host: string,
    options: LookupOptions,
    callback: (
      error: Error | null | undefined,
      found?: LookupAddress | readonly LookupAddress[]
    ) => void
  ) => unknown

  /** What {@link Transport.lookup} is told beside the host. */
  interface LookupOptions {
    /** 4, 6, or 0 for both. */
    family: 0 | 4 | 6
    /** All addresses of the host are asked for. */
    all: true
    /** Aborted when no request waits for the answer any more. */
    signal: AbortSignal
  }

  /** What this peer has done in this session (BEP 15, "announce request"). */
  interface Counters {
    /**
     * Bytes downloaded.
     *
     * @default 0
     */
    downloaded?: Counter | undefined
    /**
     * Bytes still to download; 0 is a seed, `Infinity` is not known yet, as with a magnet link (2^64 - 1 on the wire). Leaving
     * it out, and `null`, is not known to the static {@link announce}; to a tracker object it is 0, as it was to version 1.
     */
    left?: Counter | null | undefined
    /**
     * Bytes uploaded.
     *
     * @default 0
     */
    uploaded?: Counter | undefined
  }

  /** The options of {@link UdpTracker.announce}. */
  interface AnnounceOptions extends Counters {
    /**
     * Send at once, even while the interval runs. It is read each time: leave it out of the object that is counted in.
     *
     * @default false
     */
    force?: boolean | undefined
    /** As {@link RequestOptions.numWant}, for this announce; it is read each time. */
    numWant?: number | undefined
    /** As {@link RequestOptions.key}, likewise. */
    key?: number | undefined
    /** As {@link RequestOptions.ip}, likewise. */
    ip?: string | undefined
    /** Written by `announce`: the event, which is announced again when the interval ends. */
    event?: AnnounceEvent | undefined
  }

  /** When a promise is given up. */
  interface Limits {
    /** Rejects with the signal's reason when it is aborted. */
    signal?: AbortSignal | undefined
    /**
     * The longest time without progress, in milliseconds: for an announce the whole, look-up and retransmission included;
     * for a scrape the time since results last came in. Less than 1 counts as 1; 0 and Infinity throw. More patience never
     * makes anything slower.
     *
     * @default 15000
     */
    timeout?: number | string | undefined
    /** As {@link RequestOptions._timeout}. */
    _timeout?: number | string | undefined
  }

  /** The options of the static {@link announce}. */
  interface AnnounceRequest extends RequestOptions, Counters, Limits {
    /** 20 bytes; a string is taken as UTF-8. */
    peerId: Bytes
    /** As the constructor's. */
    infoHash: Bytes
    /** The port that this peer listens on, 0 to 65535. It has to be given: many trackers refuse 0. */
    port: number | string
    /**
     * What it reports.
     *
     * @default 'none'
     */
    event?: AnnounceEvent | undefined
    /** As {@link RequestOptions._timeout}. */
    _timeout?: number | string | undefined
  }

  /** The options of the static {@link announce} over both families. */
  interface AnnounceRequestOfBoth extends Omit<AnnounceRequest, 'family'> {
    /** Over IPv4 and over IPv6. */
    family: 'both'
  }

  /** The options of the static {@link announce} where only the running program knows the family. */
  interface AnnounceRequestOfAny extends Omit<AnnounceRequest, 'family'> {
    /** One of all. */
    family?: 0 | 4 | 6 | 'both' | undefined
  }

  /** The options of {@link UdpTracker.stop}. */
  interface StopOptions {
    /**
     * Milliseconds, as in {@link Limits}.
     *
     * @default 15000
     */
    timeout?: number | string | undefined
  }

  /** The options of {@link drain}. */
  interface DrainOptions {
    /**
     * Milliseconds, as in {@link Limits}.
     *
     * @default 15000
     */
    timeout?: number | string | undefined
  }

  /** The options of {@link scrape.stream}. */
  interface StreamOptions extends Limits {
    /** As {@link RequestOptions.family}. */
    family?: 0 | 4 | 6 | undefined
    /** As {@link RequestOptions.transport}. */
    transport?: Transport | null | undefined
    /** Called after each datagram that brought results, with how many there are. What it throws ends the stream with it. */
    onProgress?: ((progress: Pick<Progress, 'done'>) => void) | undefined
  }

  /** The options of the static {@link scrape}. */
  interface ScrapeOptions extends Omit<StreamOptions, 'onProgress'> {
    /** Called after each datagram that brought results. What it throws ends the scrape, and is what the promise rejects with. */
    onProgress?: ((progress: Progress) => void) | undefined
  }

  /** The options of the static {@link ping}. */
  interface PingOptions extends Limits {
    /** As {@link Options.family}. */
    family?: 0 | 4 | 6 | undefined
    /** As {@link Options.transport}. */
    transport?: Transport | null | undefined
    /**
     * Send the connect again as long as it is not answered, as those of announces are, and to the host's other addresses.
     *
     * @default false
     */
    retransmit?: boolean | undefined
  }

  /** The options of the static {@link ping} over both families. */
  interface PingOptionsOfBoth extends Omit<PingOptions, 'family'> {
    /** Over IPv4 and over IPv6. */
    family: 'both'
  }

  /** What {@link ping} resolves to. */
  interface PingResult {
    /** The address and port that answered, as in {@link Update.peers}. */
    address: string
    /** The family of that address. */
    family: 4 | 6
    /** How long the look-up of the host took, in milliseconds; `null` if nothing was looked up. */
    lookup: number | null
    /** Milliseconds from the datagram to its answer. */
    roundTrip: number
  }

  /** What a ping over both families resolves to: an error in the place of a family that failed. */
  interface PingResultOfBoth {
    /** Over IPv4. */
    4: PingResult | TrackerError
    /** Over IPv6. */
    6: PingResult | TrackerError
  }

  /** How far a scrape has come, in torrents. */
  interface Progress {
    /** How many have their result. */
    done: number
    /** How many were asked for. */
    total: number
  }

  /** Counters since the first request, except `pending`. A scrape counts as one request for each 60 torrents. */
  interface Stats {
    /** `'portable'` where no addon loads and WebAssembly serves. */
    engine: 'native' | 'portable'
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
    /** Local ports taken because an address that had answered fell silent, or because the network changed. */
    freshPorts: number
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
    /** Datagrams that match no request; see docs/behaviour.md, "Late, forged and duplicate datagrams". */
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
    /** The announce URL as it was given; `null` for a connect, which all requests to an address share, unless it is a ping's. */
    url: string | null
    /** In hex; `null` for a connect, and for a scrape, which asks for many. */
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

  /** A message of the channel `bittorrent-udp-tracker:decision`. */
  interface DecisionMessage {
    /** What was decided; docs/diagnostics.md says what each means. */
    decision:
      | 'silent'
      | 'connection-id-suspected'
      | 'next-address'
      | 'fresh-port'
      | 'window-closed'
      | 'look-up-repeated'
      | 'look-up-fallback'
      | 'look-up-of-silent'
    /** The address and port that it is about, as in {@link Update.peers}; `null` of a look-up. */
    address: string | null
    /** Of a look-up: the host. */
    host: string | null
  }

  /** A message of the channel `bittorrent-udp-tracker:error`. */
  interface ErrorMessage extends DiagnosticsMessage {
    request: 'announce' | 'scrape' | 'connect'
    /** The text of the `error` event. */
    message: string
    /** As in a {@link TrackerError}. */
    code: TrackerErrorCode
  }
}

export = UdpTracker
