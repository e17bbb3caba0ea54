// `cargo check` for systems that are not at hand: what is compiled there alone has to have the right types.
//
//   node scripts/platforms/check.js [--prebuilt] [TARGET…]
//
// Without targets: Windows, macOS, and those of the list that are only checked. --prebuilt leaves out those whose standard
// library would have to be built first, which takes longer than all the rest, and names them. What debug builds alone have is
// left out, as in a release.
'use strict'

const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { CHECKED } = require('./list.js')
const toolchain = require('./toolchain.js')

const ROOT = path.resolve(__dirname, '../..')
// Each stands for its other processor as well: the code does not tell them apart.
const USUAL = ['x86_64-pc-windows-msvc', 'aarch64-apple-darwin', ...CHECKED]
// Macros run here, once, and are quicker compiled than run fast.
const QUICK = {
  CARGO_PROFILE_DEV_OPT_LEVEL: '0',
  CARGO_PROFILE_DEV_DEBUG: 'false',
  CARGO_PROFILE_DEV_DEBUG_ASSERTIONS: 'false'
}

// All at once, so that no processor waits for the last crate of one target.
function check(targets, { args, env }) {
  const started = Date.now()
  const wanted = targets.flatMap((target) => ['--target', target])
  const { status } = spawnSync(
    'cargo',
    ['check', '--quiet', '--locked', '--lib', '--keep-going', ...wanted, ...args],
    {
      cwd: ROOT,
      env: { ...process.env, ...QUICK, ...env },
      stdio: 'inherit'
    }
  )
  const seconds = Math.round((Date.now() - started) / 1000)
  console.log(
    `${targets.join(', ')}: ${status === 0 ? 'types are right' : 'failed'} after ${seconds} s`
  )
  return status === 0
}

const { values, positionals } = parseArgs({
  options: { prebuilt: { type: 'boolean', default: false } },
  allowPositionals: true
})
const wanted = positionals.length > 0 ? positionals : USUAL
const rusts = wanted.map((target) => ({ target, rust: toolchain.rustFor(target, values) }))
const leftOut = rusts.filter(({ rust }) => rust === null).map(({ target }) => target)
if (leftOut.length > 0)
  console.log(`${leftOut.join(', ')}: left out, no standard library is at hand`)
for (const isFromSource of [false, true]) {
  const some = rusts.filter(({ rust }) => rust !== null && Boolean(rust.source) === isFromSource)
  if (some.length === 0) continue
  const names = some.map(({ target }) => target)
  if (!check(names, some[0].rust)) process.exitCode = 1
}
