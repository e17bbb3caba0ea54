// An announce as the engine takes it, over one family of addresses. Whoever made it hears of its end once, unless it is
// cancelled: `to.announced(request, {interval, leechers, seeds, peers})` or `to.failed(request, failure)`.
'use strict'

const engine = require('../engine/engine.js')
const Limit = require('./limit.js')

class Announce {
  /**
   * @param asked What goes on the wire, and `timeout`, the engine's. It has been checked.
   * @param options Of `announceOptions` in lib/options/arguments.js.
   * @param time How many milliseconds it has from start to end; Infinity leaves that to the engine.
   * @param owner Whose it is, for `to`.
   */
  constructor(asked, options, time, to, owner) {
    this.number = 0
    this.context = null
    this.url = asked.url
    this.options = options
    this.timeout = asked.timeout
    this.infoHash = asked.infoHash
    this.peerId = asked.peerId
    this.port = asked.port
    this.event = asked.event
    this.downloaded = asked.downloaded
    this.left = asked.left
    this.uploaded = asked.uploaded
    this.time = time
    this.to = to
    this.owner = owner
    this.limit = null
  }

  get kind() {
    return 'announce'
  }

  start() {
    engine.start(this)
    const { time } = this
    if (time < Infinity) this.limit = new Limit(time, () => engine.giveUp(this, time))
  }

  cancel() {
    this.end()
    engine.cancel(this)
  }

  end() {
    if (this.limit !== null) this.limit.end()
  }

  onAnswer(answer) {
    this.end()
    this.to.announced(this, answer)
  }

  onFailure(failure) {
    this.end()
    this.to.failed(this, failure)
  }
}

module.exports = Announce
