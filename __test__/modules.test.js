// Where each module of lib/ and cli/ is tested: under its name, or by what stands here. A new one needs an entry or a test.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')

// The tests of a module, or of what a folder has beside those that are named.
const TESTS = {
  'cli/': 'command-line, command-line-shells, command-line-signals',
  'cli/announce/': 'command-line-announce, command-line-both-families',
  'cli/check/': 'command-line-check, command-line-check-many',
  'cli/check/ask-record.js': 'system-faults',
  'cli/check/bep34.js': 'system-faults',
  'cli/check/metrics.js': 'command-line-metrics, command-line-formats',
  'cli/check/page.js': 'command-line-formats',
  'cli/check/table.js': 'command-line-screens',
  'cli/completion/': 'command-line-shells',
  'cli/help/': 'command-line, command-line-shells',
  'cli/input/': 'command-line-input, command-line-lists, command-line-info-hashes',
  'cli/input/families.js': 'command-line-transport',
  'cli/output/': 'command-line-terminal, command-line-screens',
  'cli/output/formats.js': 'command-line-formats, command-line-metrics',
  'cli/output/progress.js': 'command-line-progress',
  'cli/ping/': 'command-line-ping, command-line-screens',
  'cli/register-path/': 'command-line-shells',
  'cli/scrape/': 'command-line-scrape, command-line-scrape-output',
  'lib/api/limit.js': 'promises, limits',
  'lib/api/upkeep.js': 'announce, interval, destroy, stop',
  'lib/bittorrent-tracker/': 'bittorrent-tracker-client',
  'lib/bittorrent-tracker/register.js': 'bittorrent-tracker-register',
  'lib/bittorrent-tracker/retry.js': 'bittorrent-tracker-retry',
  'lib/bittorrent-tracker/transport.js': 'bittorrent-tracker-proxy',
  'lib/bittorrent-tracker/vm-loaders.js': 'bittorrent-tracker-register',
  'lib/browser/': 'entry-points',
  'lib/engine/': 'announce, many-outcomes, context, reload',
  'lib/engine/failure.js': 'failures',
  'lib/engine/look-ups.js': 'transport-lookup',
  'lib/options/': 'bad-arguments',
  'lib/options/abort.js': 'promises',
  'lib/options/transport.js': 'transport-arguments',
  'lib/options/version-1.js': 'bad-arguments, fields',
  'lib/portable/': 'portable, portable-core'
}

const fileOf = (name) => path.join(__dirname, `${name}.test.js`)

function modulesIn(folder) {
  return fs.readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`
    if (entry.isDirectory()) return modulesIn(name)
    return name.endsWith('.js') ? [name] : []
  })
}

const modules = ['lib', 'cli'].flatMap(modulesIn)
const folderOf = (module) => `${path.posix.dirname(module)}/`

test('each module of lib/ and cli/ has its tests', () => {
  const isTested = (module) =>
    TESTS[module] !== undefined ||
    fs.existsSync(fileOf(path.basename(module, '.js'))) ||
    TESTS[folderOf(module)] !== undefined
  assert.deepEqual(
    modules.filter((module) => !isTested(module)),
    []
  )
})

test('and what is named here is there', () => {
  const known = new Set([...modules, ...modules.map(folderOf)])
  for (const [module, names] of Object.entries(TESTS)) {
    assert.ok(known.has(module), module)
    for (const name of names.split(', ')) assert.ok(fs.existsSync(fileOf(name)), name)
  }
})
