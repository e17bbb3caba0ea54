// Scripts in __test__/faults/: each breaks something of the system around it, looks at what the package does, repairs it,
// and looks again. They run in a process, and where they need it a network, of their own.
'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

// The command that runs a program in a network of its own, which has loopback and nothing else.
const NAMESPACE = [
  'unshare',
  '--net',
  '--mount',
  'sh',
  '-c',
  'ip link set lo up && exec "$@"',
  'sh'
]

const ip = (...args) => execFileSync('ip', args)

// Runs a script's `main(t)` as a test would be run; `t.after` is for the helpers beside this file.
async function run(main) {
  const endings = []
  await main({ after: (ending) => endings.push(ending) })
  for (const ending of endings.reverse()) await ending()
  console.log('done')
}

// Puts a file of this mount namespace's own in the place of one of the system's. Writing to it changes it.
function useOwnFile(place, text) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'own-file-'))
  const file = path.join(directory, 'file')
  fs.writeFileSync(file, text)
  execFileSync('mount', ['--bind', file, fs.realpathSync(place)])
  fs.rmSync(directory, { recursive: true })
}

// Lets the system's resolver ask this name server in this mount namespace, and nobody else: whatever other sources of names
// this machine has.
function useOwnResolver(options, nameServer = '127.0.0.1') {
  useOwnFile('/etc/nsswitch.conf', 'hosts: files dns\n')
  useOwnFile('/etc/resolv.conf', `nameserver ${nameServer}\noptions ${options}\n`)
}

module.exports = { NAMESPACE, ip, run, useOwnFile, useOwnResolver }
