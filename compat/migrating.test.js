// What the migration guide calls unchanged prints the same on the original.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { codeBlocks, printed } = require('../__test__/support/markdown.js')
const { exampleScript } = require('../__test__/support/example-tracker.js')
const { startScriptedTracker } = require('../__test__/support/scripted-tracker.js')

const GUIDE = fs.readFileSync(path.join(__dirname, '../docs/migrating.md'), 'utf8')

test('the code for version 1 and 2 prints on version 1.2.0 what the guide says', async (t) => {
  const { text } = codeBlocks(GUIDE).find(({ heading }) => heading === 'From version 1')
  const tracker = await startScriptedTracker(t, exampleScript())
  const code = text
    .replace("require('bittorrent-udp-tracker')", "require('original')")
    .replace('udp://tracker.example.org:6969', tracker.url)

  const stdout = await new Promise((resolve, reject) => {
    const options = { cwd: __dirname, timeout: 20_000 }
    execFile(process.execPath, ['--eval', code], options, (error, out) => {
      if (error) reject(error)
      else resolve(out)
    })
  })
  assert.equal(stdout, printed(text))
})
