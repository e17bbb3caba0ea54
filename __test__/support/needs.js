// Other people's programs that tests run. Where one is missing its tests are skipped, and `npm test` names it at its end;
// `.ci/trackers` installs them.
'use strict'

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const works = (program, ...args) => spawnSync(program, args, { stdio: 'ignore' }).status === 0

// Some print no version and start at once, and so are only looked for.
function isThere(program) {
  const folders = [...(process.env.PATH || '').split(path.delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => fs.existsSync(path.join(folder, program)))
}

// aquatic_udp 0.9, as `.ci/trackers aquatic` builds it, or a run of the benchmark.
const AQUATIC = ['target/aquatic/bin/aquatic_udp', 'bench/.aquatic/bin/aquatic_udp']
  .map((file) => path.resolve(__dirname, '../..', file))
  .find((file) => fs.existsSync(file))

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome']

const PROGRAMS = {
  aquatic_udp: () => AQUATIC !== undefined,
  bash: () => isThere('bash'),
  chromium: () => BROWSERS.some(isThere),
  dante: () => isThere('danted'),
  fish: () => isThere('fish'),
  git: () => works('git', 'ls-files'),
  groff: () => isThere('groff'),
  libtorrent: () => works('/usr/bin/python3', '-c', 'import libtorrent'),
  microsocks: () => isThere('microsocks'),
  opentracker: () => isThere('opentracker'),
  promtool: () => works('promtool', '--version'),
  python3: () => works('python3', '-c', 'import pty, unicodedata'),
  // That may trace, which a container can forbid.
  strace: () => works('strace', '-f', '-o', '/dev/null', 'true'),
  tcpdump: () => works('tcpdump', '--version'),
  tmux: () => works('tmux', '-V'),
  zsh: () => isThere('zsh'),
  'network namespaces (root, unshare, ip)': () =>
    works('unshare', '--net', '--mount', 'ip', 'link', 'set', 'lo', 'up')
}
const known = new Map()

function has(name) {
  if (!known.has(name)) known.set(name, PROGRAMS[name]())
  return known.get(name)
}

/** For the `skip` option of a test: false, or the programs that it needs and that are not there. */
function needs(...names) {
  const missing = names.filter((name) => !has(name))
  return missing.length > 0 && `needs ${missing.join('; ')}`
}

/** The namespaces of Linux in which a test has networks of its own. */
const needsNamespaces = () => needs('network namespaces (root, unshare, ip)')

module.exports = { AQUATIC, BROWSERS, PROGRAMS, needs, needsNamespaces }
