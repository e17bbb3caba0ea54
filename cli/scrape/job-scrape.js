// The scrape of a job: the torrents of one tracker. Ten million of them pass through.
'use strict'

const UdpTracker = require('../../index.js')

class JobScrape {
  /**
   * `onRows(rows, places)` gets rows as they come in, in the order asked, and the place of each in the list; what it returns is
   * waited for before more is asked. The options are those of `scrape.stream`.
   */
  constructor({ tracker, list }, { onRows, onProgress, ...options }) {
    this.list = list
    this.onRows = onRows
    this.answered = 0
    this.failure = null
    this.place = 0
    this.stream = UdpTracker.scrape.stream(tracker.url, list.all(), {
      ...options,
      onProgress: ({ done }) => {
        this.answered = done
        onProgress()
      }
    })
  }

  /** Resolves when all is passed on; rejects with what ended it, once what had come in by then is. */
  async run() {
    try {
      for await (const rows of this.stream) await this.onRows(rows, this.placesOf(rows))
    } catch (error) {
      this.failure = error
      throw error
    }
  }

  // When something has failed, what did not come in is left out.
  placesOf(rows) {
    return rows.map(({ infoHash }) => {
      while (this.list.hexAt(this.place) !== infoHash) this.place++
      return this.place++
    })
  }
}

module.exports = JobScrape
