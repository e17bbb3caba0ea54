// What a measured process finds around it: names of its own, or the receive buffer that Linux gives those who ask for
// nothing. Linux only, as root; elsewhere these figures are left out, with a note.
'use strict'

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const RUN = path.join(__dirname, '..', '.run')
const NAMES = 'mount --bind "$0" /etc/hosts && exec "$@"'
// Every socket option is taken for set and is not.
const NO_OPTIONS = ['-e', 'trace=setsockopt', '-e', 'inject=setsockopt:retval=0']

/** The command that runs another one in the surroundings of a variant; none for the usual ones. */
function commandFor({ hosts, defaultBuffers }) {
  const command = []
  if (hosts) command.push('unshare', '--mount', 'sh', '-c', NAMES, writeHosts(hosts))
  if (defaultBuffers) {
    // -D: the measured process is the one that was started, and ends with it.
    command.push('strace', '-D', '-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', ...NO_OPTIONS)
  }
  if (command.length > 0 && !works(command)) throw new Error(`needs ${command[0]}, and to be root`)
  return command
}

function writeHosts(hosts) {
  const lines = Object.entries(hosts).flatMap(([name, addresses]) =>
    addresses.map((address) => `${address} ${name}\n`)
  )
  fs.mkdirSync(RUN, { recursive: true })
  const file = path.join(RUN, `hosts-${process.pid}`)
  fs.writeFileSync(file, `127.0.0.1 localhost\n${lines.join('')}`)
  return file
}

const works = ([program, ...args]) => spawnSync(program, [...args, 'true']).status === 0

module.exports = { commandFor }
