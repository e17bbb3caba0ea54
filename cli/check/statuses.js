// What a check can come to, the best first.
'use strict'

const WORKS = 'works'
const NO_SCRAPE = 'no scrape'
const REFUSES = 'refuses'
const FAILED = 'failed'
const SKIPPED = 'skipped'
const INVALID = 'invalid'

// What one tracker does, and several do.
const WORDS = {
  [WORKS]: ['works', 'work'],
  'works in part': ['works in part', 'work in part'],
  [NO_SCRAPE]: ['does not scrape', 'do not scrape'],
  [REFUSES]: ['refuses', 'refuse'],
  [FAILED]: ['failed', 'failed'],
  [SKIPPED]: ['skipped', 'skipped'],
  [INVALID]: ['is invalid', 'are invalid']
}

const STYLES = {
  [WORKS]: 'green',
  [NO_SCRAPE]: 'yellow',
  [REFUSES]: 'yellow',
  [FAILED]: 'red',
  [SKIPPED]: 'dim',
  [INVALID]: 'red'
}

/** Whether this is the status of a tracker that answers, if only with an error. */
const isAlive = (status) => status === WORKS || status === NO_SCRAPE || status === REFUSES

module.exports = {
  WORKS,
  NO_SCRAPE,
  REFUSES,
  FAILED,
  SKIPPED,
  INVALID,
  STATUSES: [WORKS, NO_SCRAPE, REFUSES, FAILED, SKIPPED, INVALID],
  WORDS,
  STYLES,
  isAlive
}
