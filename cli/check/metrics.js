// The results of `check` for Prometheus.
'use strict'

const { Metrics, seconds } = require('../output/formats.js')
const { FAILED, INVALID, SKIPPED, STATUSES } = require('./statuses.js')

const STEPS = {
  look_up: 'lookupMs',
  connect: 'connectMs',
  announce: 'announceMs',
  scrape: 'scrapeMs'
}

/** Lines of metrics of results, `nameOf(url)` being what URLs are called there. */
function metricsOf(results, nameOf) {
  const metrics = new Metrics()
    .family('bittorrent_tracker_up', 'Whether the tracker answers, if only with an error.')
    .family('bittorrent_tracker_status', 'Whether this is what the check came to.')
    .family('bittorrent_tracker_step_seconds', 'How long each step took.')
    .family('bittorrent_tracker_interval_seconds', 'How long peers wait between announces.')
    .family('bittorrent_tracker_bep34_listed', 'Whether the port is in the record of its host.')
  for (const result of results) {
    if (result.status === INVALID) continue
    const labels = { url: nameOf(result.url), family: result.family ?? '' }
    if (result.status !== SKIPPED) {
      metrics.add('bittorrent_tracker_up', labels, result.status === FAILED ? 0 : 1)
    }
    for (const status of STATUSES.filter((status) => status !== INVALID)) {
      metrics.add(
        'bittorrent_tracker_status',
        { ...labels, status },
        Number(status === result.status)
      )
    }
    if (result.interval !== null) {
      metrics.add('bittorrent_tracker_interval_seconds', labels, result.interval)
    }
    if (result.bep34) {
      metrics.add('bittorrent_tracker_bep34_listed', labels, Number(result.bep34.listed))
    }
    for (const [step, field] of Object.entries(STEPS)) {
      if (result[field] === null) continue
      metrics.add('bittorrent_tracker_step_seconds', { ...labels, step }, seconds(result[field]))
    }
  }
  return metrics.lines()
}

module.exports = { metricsOf }
