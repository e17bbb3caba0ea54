// The command line's examples in the README and in docs/command-line.md print what the pages say. A `console` block is a
// command behind a `$` and its output. What is different each time, the peer ID and milliseconds, is left out of the
// comparison, and so is the width of columns, which depends on the tracker's name.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const { withShell } = require('./support/child.js')
const { PROGRAM, namesEnvironment } = require('./support/command-line.js')
const { withoutIPv6 } = require('./support/loopback.js')
const { exampleScript } = require('./support/example-tracker.js')
const { readPage } = require('./support/pages.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')

const HOST = 'tracker.example.org'
const FILES = ['README.md', 'docs/command-line.md']
const examplesOf = (file) => [...readPage(file).matchAll(/^```console\n\$ (.*)\n([\s\S]*?)^```$/gm)]

// Names are known to `check` and `ping` alone, which look them up themselves.
async function run(t, command) {
  const four = await startScriptedTracker(t, exampleScript())
  await startScriptedTracker(t, { ...exampleScript(), family: 6, port: four.port })
  const place = / (check|ping) /.test(command) ? `${HOST}:${four.port}` : `127.0.0.1:${four.port}`
  const shell = `tracker() { "${process.execPath}" "${PROGRAM}" "$@"; }\n`
  const line = command
    .replaceAll('bittorrent-udp-tracker ', 'tracker ')
    .replaceAll(`${HOST}:6969`, place)
  const names = { [HOST]: ['127.0.0.1', '::1'], 'tracker.invalid': 'ENOTFOUND' }
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', ...namesEnvironment(names) }
  const output = await new Promise((resolve) => {
    execFile('sh', ['-c', shell + line], { env }, (error, stdout, stderr) =>
      resolve(stdout + stderr)
    )
  })
  return output.replaceAll(place, `${HOST}:6969`).replaceAll(`:${four.port}`, ':6969')
}

// Trackers finish in any order.
function comparable(output) {
  return output
    .replaceAll(/-TU2000-\w{12}/g, 'PEER-ID')
    .replaceAll(/("\w+Ms":)\d+(\.\d+)?/g, '$1MS')
    .replaceAll(/ \d+(\.\d)? ms$/gm, ' MS')
    .replaceAll(/ \d+\.\d(?= |$)/gm, ' MS')
    .replaceAll(/[▁▂▃▄▅▆▇█▏▎▍▌▋▊▉]+/g, 'BARS')
    .replaceAll(/ +/g, ' ')
    .split('\n')
    .sort()
}

for (const file of FILES) {
  const examples = examplesOf(file)
  describe(`the example in ${file}`, { skip: withoutIPv6 || withShell.skip }, () => {
    for (const [, command, output] of examples) {
      test(`${command.slice(0, 60)}… prints what it says`, async (t) => {
        const printed = await run(t, command)
        if (process.env.SHOW_EXAMPLES) console.error(`$ ${command}\n${printed}`)
        assert.deepEqual(comparable(printed), comparable(output))
      })
    }
  })
}

test('each command has an example', () => {
  const commands = examplesOf('docs/command-line.md').map(([, command]) => {
    return / (announce|scrape|check|ping) /.exec(command)[1]
  })
  assert.deepEqual([...new Set(commands)].sort(), ['announce', 'check', 'ping', 'scrape'])
})

test('each status is explained', () => {
  const text = readPage('docs/command-line.md')
  const { STATUSES } = require('../cli/check/statuses.js')
  for (const status of STATUSES) assert.match(text, new RegExp(`^\\| \`${status}\` `, 'm'))
})
