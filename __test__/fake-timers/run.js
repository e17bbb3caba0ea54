// Runs a test runner in a process of its own, beside two trackers.
'use strict'

const { before } = require('node:test')
const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { startScriptedTracker, silent } = require('../support/scripted-tracker.js')
const wire = require('../support/wire.js')

const ROOT = path.resolve(__dirname, '../..')
const LONGEST_RUN = 120_000

// As an application has it.
before(() => {
  const link = path.join(__dirname, 'node_modules/bittorrent-udp-tracker')
  fs.rmSync(link, { force: true })
  fs.symlinkSync(ROOT, link, 'junction')
})

// The output of a run that has to end well.
const run = (t, ...args) => runIn(t, {}, args)

// The same with more in its environment.
async function runIn(t, more, args) {
  const tracker = await startScriptedTracker(t, {
    announce: (request) => wire.announceResponse(request, { seeds: 7, leechers: request.port })
  })
  const silentTracker = await startScriptedTracker(t, { connect: silent })
  const env = {
    ...process.env,
    TRACKER_URL: tracker.url,
    SILENT_URL: silentTracker.url,
    NO_COLOR: '1',
    ...more
  }
  delete env.FORCE_COLOR
  // Runners in a runner: what they print is not for this one.
  delete env.NODE_TEST_CONTEXT
  return new Promise((resolve, reject) => {
    const options = { cwd: __dirname, env, timeout: LONGEST_RUN }
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${args.join(' ')}\n${stdout}${stderr}`))
      else resolve(stdout + stderr)
    })
  })
}

const bin = (name, file) => path.join(path.dirname(require.resolve(`${name}/package.json`)), file)

module.exports = { bin, run, runIn }
