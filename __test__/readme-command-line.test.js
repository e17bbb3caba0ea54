// The command line's examples in the README print what it says. `console` blocks are a command behind a `$` and its
// output. What is different each time, the peer ID and milliseconds, is left out of the comparison, and so is the width
// of columns, which depends on the tracker's name.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('./support/child')
const { PROGRAM, namesEnvironment } = require('./support/command-line')
const { withoutIPv6 } = require('./support/loopback')
const { exampleScript } = require('./support/example-tracker')
const { startScriptedTracker } = require('./support/scripted-tracker')

const HOST = 'tracker.example.org'
const README = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8')
const EXAMPLES = [...README.matchAll(/^```console\n\$ (.*)\n([\s\S]*?)^```$/gm)]

// Names are known to `check` alone, which looks them up itself.
async function run(t, command) {
  const four = await startScriptedTracker(t, exampleScript())
  await startScriptedTracker(t, { ...exampleScript(), family: 6, port: four.port })
  const place = / check /.test(command) ? `${HOST}:${four.port}` : `127.0.0.1:${four.port}`
  const shell = `tracker() { "${process.execPath}" "${PROGRAM}" "$@"; }\n`
  const line = command
    .replaceAll('bittorrent-udp-tracker ', 'tracker ')
    .replaceAll(`${HOST}:6969`, place)
  const names = { [HOST]: ['127.0.0.1', '::1'], 'tracker.invalid': 'ENOTFOUND' }
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', ...namesEnvironment(names) }
  const output = await new Promise((resolve) => {
    execFile('sh', ['-c', shell + line], { env }, (err, stdout, stderr) => resolve(stdout + stderr))
  })
  return output.replaceAll(place, `${HOST}:6969`)
}

// Trackers finish in any order.
function comparable(output) {
  return output
    .replaceAll(/-TU2000-\w{12}/g, 'PEER-ID')
    .replaceAll(/("\w+Ms":)\d+(\.\d+)?/g, '$1MS')
    .replaceAll(/ (\d+\.\d|-)(?= )/g, ' MS')
    .replaceAll(/ +/g, ' ')
    .split('\n')
    .sort()
}

describe('the example', { skip: withoutIPv6 }, () => {
  for (const [, command, output] of EXAMPLES) {
    test(`${command.slice(0, 60)}… prints what the README says`, async (t) => {
      const printed = await run(t, command)
      if (process.env.SHOW_EXAMPLES) console.error(`$ ${command}\n${printed}`)
      assert.deepEqual(comparable(printed), comparable(output))
    })
  }

  test('of each command is there', () => {
    const commands = EXAMPLES.map(([, command]) => / (announce|scrape|check) /.exec(command)[1])
    assert.deepEqual([...new Set(commands)], ['announce', 'scrape', 'check'])
  })
})
