// The command line's `ping` on a terminal, after ten hours.
'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const commandLine = require('../../__test__/support/command-line.js')
const { startTrackers } = require('../lib/trackers.js')

const SECONDS = 10

async function measure(_, { targets, hours }) {
  const trackers = await startTrackers({ living: targets })
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ping-'))
  const report = path.join(folder, 'report')
  try {
    const command = `stty cols 120 rows 40; $TRACKER ping ${trackers.living.join(' ')}`
    const hook = path.join(__dirname, '..', 'lib', 'with-history.js')
    const terminal = commandLine.startInTerminal({ after() {} }, command, {
      NODE_OPTIONS: `--require ${JSON.stringify(hook)}`,
      HISTORY: hours,
      MEASURED: SECONDS,
      REPORT: report
    })
    await terminal.exit()
    const { cpu, redraws } = JSON.parse(fs.readFileSync(report, 'utf8'))
    return { share: (100 * cpu) / SECONDS, redraws: redraws / SECONDS }
  } finally {
    trackers.stop()
    fs.rmSync(folder, { recursive: true })
  }
}

module.exports = {
  title: 'ping on a terminal',
  tracker: null,
  variants: [
    {
      title: '20 trackers, once a second, after ten hours',
      options: { targets: 20, hours: 10 },
      implementations: ['ours'],
      goals: { share: { limit: 5 }, redraws: { limit: 10 } }
    }
  ],
  metrics: [
    { key: 'share', title: 'CPU, % of a core', better: 'lower', digits: 1 },
    { key: 'redraws', title: 'redraws a second', better: 'lower', digits: 1 }
  ],
  measure
}
