// Prints what announces bring: for people a block for each torrent and tracker, for programs a row for each.
'use strict'

const { peerIdText } = require('../input/peer.js')
const { errorFields, reasonOf } = require('../output/failures.js')
const { csvLine, jsonLine, Metrics } = require('../output/formats.js')
const { grouped } = require('../output/text.js')

const CSV = ['url', 'infoHash', 'family', 'interval', 'seeds', 'leechers', 'peers', 'error']
const FIELDS = {
  interval_seconds: ['How long peers wait between announces.', ({ interval }) => interval],
  seeds: ['Peers that have the whole torrent.', ({ seeds }) => seeds],
  leechers: ['Peers that download the torrent.', ({ leechers }) => leechers],
  peers: ['Peers that the tracker told.', ({ peers }) => peers.length]
}

function minutes(seconds) {
  return seconds >= 60 ? ` (${grouped(Math.round(seconds / 60))} min)` : ''
}

const line = ([name, value]) => [['bold', name.padEnd(9)], '  ', value]

function answerLines({ interval, seeds, leechers, peers }) {
  const fields = [
    ['interval', `${grouped(interval)} s${minutes(interval)}`],
    ['seeds', ['green', grouped(seeds)]],
    ['leechers', ['yellow', grouped(leechers)]],
    ['peers', grouped(peers.length)]
  ]
  return [...fields.map(line), ...peers.map((peer) => `           ${peer}`)]
}

class AnnouncePrinter {
  constructor({ stdout, format, nameOf, isBoth, timeout }) {
    Object.assign(this, { stdout, format, nameOf, isBoth, timeout })
    this.late = []
    this.isFirst = true
  }

  /** Outcomes of one torrent at one tracker: `[{family, answer, error}]`. */
  add(about, outcomes) {
    if (this.format === 'openmetrics') return void this.late.push([about, outcomes])
    const isFirst = this.isFirst
    this.isFirst = false
    if (this.format === 'table')
      return this.stdout.lines([...(isFirst ? [] : ['']), ...this.block(about, outcomes)])
    if (this.format === 'json')
      return this.stdout.lines(outcomes.map((one) => jsonLine(this.record(about, one))))
    const rows = outcomes.map((one) => csvLine(this.row(about, one)))
    return this.stdout.lines(isFirst ? [csvLine(CSV), ...rows] : rows)
  }

  block({ url, infoHash, peerId }, outcomes) {
    const about = [
      ['tracker', this.nameOf(url)],
      ['info-hash', infoHash],
      ['peer ID', peerIdText(peerId)]
    ]
    const lines = about.map(line)
    if (!this.isBoth) return [...lines, ...answerLines(outcomes[0].answer)]
    for (const { family, answer, error } of outcomes) {
      lines.push('', [['bold', `IPv${family}`]])
      if (error === null) lines.push(...answerLines(answer))
      else lines.push(line(['failed', ['red', reasonOf(error, { timeout: this.timeout, family })]]))
    }
    return lines
  }

  record({ url, infoHash, peerId }, { family, answer, error }) {
    return {
      type: 'announce',
      url: this.nameOf(url),
      infoHash,
      peerId: peerIdText(peerId),
      ...(this.isBoth ? { family } : {}),
      ...(error === null ? answer : { error: errorFields(error) })
    }
  }

  row({ url, infoHash }, { family, answer, error }) {
    const numbers =
      answer === null
        ? [null, null, null, null]
        : [answer.interval, answer.seeds, answer.leechers, answer.peers.length]
    return [
      this.nameOf(url),
      infoHash,
      family || null,
      ...numbers,
      error === null ? null : reasonOf(error)
    ]
  }

  /** Prints what is left. */
  end() {
    if (this.format !== 'openmetrics') return undefined
    const name = 'bittorrent_announce'
    const metrics = new Metrics().family(
      `${name}_up`,
      'Whether the tracker has answered the announce.'
    )
    for (const [field, [help]] of Object.entries(FIELDS)) metrics.family(`${name}_${field}`, help)
    for (const [{ url, infoHash }, outcomes] of this.late) {
      for (const { family, answer } of outcomes) {
        const labels = { url: this.nameOf(url), info_hash: infoHash, family: family || '' }
        metrics.add(`${name}_up`, labels, Number(answer !== null))
        if (answer === null) continue
        for (const [field, [, of]] of Object.entries(FIELDS))
          metrics.add(`${name}_${field}`, labels, of(answer))
      }
    }
    return this.stdout.lines(metrics.lines())
  }
}

module.exports = AnnouncePrinter
