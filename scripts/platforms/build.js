// Builds the addon of one platform, here and in the release workflow alike:
//
//   node scripts/platforms/build.js TARGET [--zig] [--out DIR]
//
// --zig: with cargo-zigbuild and zig, of the versions in requirements.txt, which needs no compiler or library of the
// platform. Without it the host's own linker does, as on macOS and Windows.
'use strict'

const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { MACOS, platformOf } = require('./list')
const toolchain = require('./toolchain')

const ROOT = path.resolve(__dirname, '../..')
const CLI = path.join(ROOT, 'node_modules/@napi-rs/cli/dist/cli.js')

/** The arguments of `napi`. `standard` are those that have the standard library built, too. */
function commandFor(platform, { zig = false, out = ROOT, standard = [] } = {}) {
  if (zig && !platform.zig) throw new Error(`zig cannot link ${platform.target}`)
  const cross = zig ? ['-x'] : []
  return [
    ...['build', '--platform', '--release', '--js', 'binding.js', '--dts', 'binding.d.ts'],
    ...['--output-dir', out, '--target', zig ? platform.zig : platform.target, ...cross],
    ...['--', '--locked', ...standard]
  ]
}

/** Builds what is in `root`; false if that failed. */
function build(platform, { root = ROOT, zig = false, out = root, env = {} } = {}) {
  const rust = toolchain.rustFor(platform.target)
  const tools = zig ? toolchain.zig() : {}
  const args = commandFor(platform, { zig, out, standard: rust.args })
  const { status } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: root,
    env: { MACOSX_DEPLOYMENT_TARGET: MACOS, ...process.env, ...tools, ...rust.env, ...env },
    stdio: 'inherit'
  })
  return status === 0
}

module.exports = { build, commandFor }

if (require.main === module) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { zig: { type: 'boolean' }, out: { type: 'string' } }
  })
  const out = path.resolve(values.out || ROOT)
  if (!build(platformOf(positionals[0]), { zig: values.zig, out })) process.exitCode = 1
}
