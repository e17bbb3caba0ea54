// What a check can come to, the best first.
'use strict'

const WORKS = 'works'
const NO_SCRAPE = 'no scrape'
const REFUSES = 'refuses'
const FAILED = 'failed'
const SKIPPED = 'skipped'

module.exports = {
  WORKS,
  NO_SCRAPE,
  REFUSES,
  FAILED,
  SKIPPED,
  STATUSES: [WORKS, NO_SCRAPE, REFUSES, FAILED, SKIPPED]
}
