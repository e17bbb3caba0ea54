// A release on this machine: the tarballs as the workflow packs them, and the script that publishes them.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { packAll } = require('../../scripts/pack.js')
const { NAME, ROOT, run, temporaryFolder } = require('../packaging/support.js')

const SCRIPT = path.join(ROOT, 'scripts/publish.js')

/** A folder with all ten packages. The addon is this machine's; the others have something else in its place. */
function release(t) {
  const folder = temporaryFolder(t, 'release')
  const packages = packAll({
    out: folder,
    placeholders: true,
    repository: 'someone/bittorrent-udp-tracker'
  })
  const { version } = packages.at(-1).manifest
  return { folder, version, names: packages.map(({ manifest }) => manifest.name) }
}

/** Another folder with the same files. */
function copyOf(t, { folder }) {
  const copy = temporaryFolder(t, 'release')
  fs.cpSync(folder, copy, { recursive: true })
  return copy
}

/** Runs scripts/publish.js: {code, stdout, stderr}. */
function publish({ folder, registry, tag }) {
  const args = [SCRIPT, folder, '--release', tag, '--registry', registry.url, '--wait', '10']
  return run(process.execPath, args, { env: { npm_config_userconfig: registry.npmrc } })
}

/** What a run of it says on each package: `{name: ['published', 'can be fetched']}`. */
function linesOf(stdout) {
  const lines = {}
  for (const [, name, what] of stdout.matchAll(/^(\S+) \S+: (.*)$/gm))
    (lines[name] ??= []).push(what)
  return lines
}

module.exports = { NAME, copyOf, linesOf, publish, release }
