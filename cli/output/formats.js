// Results for other programs: lines of JSON, CSV (RFC 4180), and metrics for Prometheus.
'use strict'

const { json, shown } = require('./text.js')

// What spreadsheets take for a formula, which a tracker's words could be.
const FORMULA = /^[=+\-@\t\r]/

/** Fields as a line of CSV; `null` and `undefined` are empty, and a text that looks like a formula has a `'` before it. */
function csvLine(fields) {
  return fields
    .map((field) => {
      const isFormula = typeof field === 'string' && FORMULA.test(field)
      const text = field === null || field === undefined ? '' : `${isFormula ? "'" : ''}${field}`
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
    })
    .join(',')
}

/** Milliseconds to the microsecond, which is as well as they are known; `null` stays. */
const milliseconds = (ms) => (ms === null ? null : Math.round(ms * 1000) / 1000)

/** Milliseconds in seconds, to the microsecond. */
const seconds = (ms) => Math.round(ms * 1000) / 1e6

const escaped = (text) => shown(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')

/**
 * Metrics in the text that OpenMetrics and the older format of Prometheus, which node_exporter's textfile collector reads,
 * have in common. So all are gauges or summaries: the two differ in how they name a counter.
 */
class Metrics {
  constructor() {
    this.families = new Map()
  }

  family(name, help, type = 'gauge') {
    this.families.set(name, { help, type, samples: new Map() })
    return this
  }

  /** The latest value of a family with these labels counts. `suffix` is a summary's `_sum` or `_count`. */
  add(name, labels, value, suffix = '') {
    const text = Object.entries(labels)
      .filter(([, label]) => label !== null && label !== undefined)
      .map(([key, label]) => `${key}="${escaped(label)}"`)
      .join(',')
    this.families.get(name).samples.set(`${name}${suffix}{${text}}`, value)
  }

  lines() {
    const lines = []
    for (const [name, { help, type, samples }] of this.families) {
      if (samples.size === 0) continue
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
      for (const [sample, value] of samples) lines.push(`${sample} ${value}`)
    }
    return [...lines, '# EOF']
  }
}

module.exports = { csvLine, jsonLine: json, milliseconds, seconds, Metrics }
