// Installs the dependencies that some tests have of their own, each in its folder, unless what its lock file says is there.
//
//   node scripts/installed.js FOLDER…
'use strict'

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.resolve(__dirname, '..')

/** Whether a folder has them now. npm's own record of what it installed is younger than the lock file if it has. */
function installed(folder) {
  const [lock, done] = ['package-lock.json', 'node_modules/.package-lock.json'].map((file) =>
    fs.statSync(path.join(ROOT, folder, file), { throwIfNoEntry: false })
  )
  if (done && done.mtimeMs >= lock.mtimeMs) return true
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder]
  const options = { cwd: ROOT, stdio: 'inherit', shell: process.platform === 'win32' }
  return spawnSync('npm', args, options).status === 0
}

module.exports = { installed }

if (require.main === module && !process.argv.slice(2).every(installed)) process.exitCode = 1
