// The interface of bittorrent-tracker's Client, for `udp:` trackers alone.
'use strict'

const { EventEmitter } = require('node:events')

const check = require('../options/arguments.js')
const { outOfRange } = require('../options/errors.js')
const { afterThis } = require('../engine/event-loop.js')
const UDPTracker = require('./udp-tracker.js')
const values = require('./values.js')

class Client extends EventEmitter {
  constructor(opts) {
    super()
    opts = Object(opts)
    need(opts, ['peerId', 'infoHash', 'announce', 'port'])

    this._peerIdBuffer = peerIdOf(onlyOne(opts.peerId))
    this.peerId = this._peerIdBuffer.toString('hex')
    this._infoHashBuffer = check.copyOf(check.infoHash(onlyOne(opts.infoHash)))
    this.infoHash = this._infoHashBuffer.toString('hex')
    this._port = check.port(opts.port)
    this._getAnnounceOpts = opts.getAnnounceOpts
    this._proxyOpts = opts.proxyOpts
    this._transport = opts.transport
    this._family = opts.family
    check.objectOptions({ transport: opts.transport, family: opts.family })
    this.destroyed = false
    this._trackers = []
    for (const url of announceUrls(opts.announce)) {
      if (/^udp:/i.test(url)) this._trackers.push(new UDPTracker(this, url))
      else afterThis(warnOfProtocol, this, url)
    }
  }

  start(opts) {
    this._announce({ ...this._defaultAnnounceOpts(opts), event: 'started' })
    for (const tracker of this._trackers) tracker.setInterval()
  }

  stop(opts) {
    this._announce({ ...this._defaultAnnounceOpts(opts), event: 'stopped' })
  }

  complete(opts) {
    this._announce({ ...this._defaultAnnounceOpts(opts), event: 'completed' })
  }

  update(opts) {
    const { event, ...rest } = this._defaultAnnounceOpts(opts)
    this._announce(event === 'paused' ? { ...rest, event } : rest)
  }

  scrape(opts) {
    for (const tracker of this._trackers) tracker.scrape(opts)
  }

  setInterval(intervalMs) {
    for (const tracker of this._trackers) tracker.setInterval(intervalMs)
  }

  destroy(callback) {
    if (typeof callback !== 'function') callback = () => {}
    this.destroyed = true
    const trackers = this._trackers
    this._trackers = []
    let waiting = trackers.length
    if (waiting === 0) return void afterThis(callback, null)
    for (const tracker of trackers) {
      tracker.destroy(() => {
        if (--waiting === 0) afterThis(callback, null)
      })
    }
  }

  _announce(opts) {
    for (const tracker of this._trackers) tracker.announce(opts)
  }

  // Called by the trackers as well, for the announces at the end of an interval.
  _defaultAnnounceOpts(opts) {
    const own = this._getAnnounceOpts ? this._getAnnounceOpts() : {}
    return { numwant: values.DEFAULT_NUM_WANT, ...opts, ...own }
  }
}

// Peer ID and port of who scrapes without being a peer.
const NOBODY = { peerId: Buffer.from('01234567890123456789'), port: 6881 }

/** Scrapes with a client of its own, which it returns. */
Client.scrape = function scrape(opts, callback) {
  opts = Object(opts)
  need(opts, ['infoHash', 'announce'])
  const infoHashes = [opts.infoHash].flat()
  const missing = new Set(infoHashes.map(values.label))
  const client = new Client({ ...opts, ...NOBODY, infoHash: infoHashes[0] })
  const results = {}
  let ended = false
  const end = (error) => {
    if (ended) return
    ended = true
    client.destroy()
    const rows = Object.values(results)
    if (error) callback(error)
    else callback(null, rows.length === 1 ? rows[0] : results)
  }
  client.on('warning', end)
  client.on('scrape', (row) => {
    results[row.infoHash] = row
    missing.delete(row.infoHash)
    if (missing.size === 0) end(null)
  })
  client.scrape({ infoHash: infoHashes })
  return client
}

function need(opts, names) {
  for (const name of names) {
    if (opts[name] === undefined || opts[name] === null || opts[name] === '') {
      throw new Error(`Option \`${name}\` is required`)
    }
  }
}

// An array of one text was as good as the text up to version 10 of bittorrent-tracker.
function onlyOne(value) {
  return Array.isArray(value) && value.length === 1 ? value[0] : value
}

// Texts are hex here, as in bittorrent-tracker.
function peerIdOf(value) {
  if (typeof value !== 'string') return check.copyOf(check.peerId(value))
  if (!/^[0-9a-f]{40}$/i.test(value)) {
    throw outOfRange(`peerId is not 40 digits of hex: ${value} (${value.length} characters)`)
  }
  return Buffer.from(value, 'hex')
}

// A tracker with a slash behind it is the same one.
function announceUrls(announce) {
  const list = typeof announce === 'string' || check.isBytes(announce) ? [announce] : announce
  const texts = Array.from(list, (url) => {
    const text = check.isBytes(url) ? Buffer.from(url).toString() : String(url)
    return text.replace(/\/$/, '')
  })
  return new Set(texts)
}

function warnOfProtocol(client, url) {
  if (!client.destroyed) client.emit('warning', new Error(`Unsupported tracker protocol: ${url}`))
}

module.exports = Client
