// `cargo check` for systems that are not at hand: what is compiled there alone has to have the right types.
//
//   node scripts/platforms/check.js [TARGET…]     without targets: Windows and macOS
'use strict'

const { spawnSync } = require('node:child_process')
const path = require('node:path')
const toolchain = require('./toolchain')

const ROOT = path.resolve(__dirname, '../..')
// Each stands for its other processor as well: the code does not tell them apart.
const USUAL = ['x86_64-pc-windows-msvc', 'aarch64-apple-darwin']
// Macros run here, once, and are quicker compiled than run fast.
const QUICK = { CARGO_PROFILE_DEV_OPT_LEVEL: '0', CARGO_PROFILE_DEV_DEBUG: 'false' }

function check(target) {
  const { args, env } = toolchain.rustFor(target)
  const started = Date.now()
  const { status } = spawnSync(
    'cargo',
    ['check', '--quiet', '--locked', '--lib', '--target', target, ...args],
    {
      cwd: ROOT,
      env: { ...process.env, CARGO_TARGET_DIR: path.join(ROOT, 'target/check'), ...QUICK, ...env },
      stdio: 'inherit'
    }
  )
  const seconds = Math.round((Date.now() - started) / 1000)
  console.log(`${target}: ${status === 0 ? 'types are right' : 'failed'} after ${seconds} s`)
  return status === 0
}

const targets = process.argv.length > 2 ? process.argv.slice(2) : USUAL
if (targets.filter((target) => !check(target)).length > 0) process.exitCode = 1
