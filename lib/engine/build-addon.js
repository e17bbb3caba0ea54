'use strict'

// Builds the addon from the sources in this package, for the error that addon.js throws where there is none:
//
//   node node_modules/bittorrent-udp-tracker/lib/engine/build-addon.js
//
// What the compiler leaves behind, some 170 MB, goes into a temporary folder and away again.

const { spawnSync } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')

const ROOT = path.join(__dirname, '../..')

function main() {
  const { scripts } = require('../../package.json')
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'bittorrent-udp-tracker-build-'))
  try {
    // A target folder that was chosen already is kept.
    const env = { CARGO_TARGET_DIR: temporary, ...process.env }
    // The package's script `build` with the tool that a user does not have.
    const command = `npx --yes --package=@napi-rs/cli@3 ${scripts.build}`
    const { status, error } = spawnSync(command, { cwd: ROOT, env, shell: true, stdio: 'inherit' })
    if (error) throw error
    process.exitCode = status === null ? 1 : status
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true })
  }
}

main()
