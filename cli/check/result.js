// A row of `check`: what one tracker came to over one family, as every format has it.
'use strict'

const { wordsOf } = require('./bep34.js')
const { errorFields } = require('../output/failures.js')
const { FAILED, INVALID, SKIPPED } = require('./statuses.js')

const CSV = [
  'url',
  'family',
  'address',
  'status',
  'reason',
  'lookupMs',
  'connectMs',
  'announceMs',
  'scrapeMs',
  'interval',
  'bep34'
]

/** A row as CSV has it. */
function csvOf(row) {
  const fields = { ...row, bep34: row.bep34 && wordsOf(row.bep34) }
  return CSV.map((field) => fields[field])
}

function result(url, fields) {
  return {
    type: 'result',
    url,
    family: null,
    address: null,
    status: FAILED,
    reason: null,
    lookupMs: null,
    connectMs: null,
    announceMs: null,
    scrapeMs: null,
    interval: null,
    ...fields
  }
}

/** A step that failed, with `status`; `reason` is what people read. */
function failure(step, error, reason, status = FAILED) {
  return { status, reason, error: { step, ...errorFields(error) } }
}

/** A line of a list that is none. */
function invalid({ where, text, reasons }) {
  const message = reasons.join('; ')
  const error = { step: 'URL', code: 'INVALID', message }
  return result(text, { status: INVALID, reason: `invalid (${where})`, place: where, error })
}

const skipped = (url, reason, fields = {}) => result(url, { ...fields, status: SKIPPED, reason })

module.exports = { CSV, csvOf, result, failure, invalid, skipped }
