// Builds the addon of one platform, here and in the release workflow alike:
//
//   node scripts/platforms/build.js TARGET [--zig] [--out DIR]
//
// --zig: with cargo-zigbuild and zig, of the versions in requirements.txt, which needs no compiler or library of the
// platform. Without it the host's own linker does, as on macOS and Windows. An addon that needs more of a system than the
// list allows is a failure.
'use strict'

const { spawnSync } = require('node:child_process')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { MACOS, platformOf } = require('./list.js')
const { excessOf } = require('./needs.js')
const toolchain = require('./toolchain.js')

const ROOT = path.resolve(__dirname, '../..')
const CLI = path.join(ROOT, 'node_modules/@napi-rs/cli/dist/cli.js')

/** The arguments of `napi`. `standard` are those that have the standard library built, too. */
function commandFor(platform, { zig = false, out = ROOT, standard = [] } = {}) {
  if (zig && !platform.zig) throw new Error(`zig cannot link ${platform.target}`)
  const cross = zig ? ['-x'] : []
  return [
    ...['build', '--platform', '--release', '--no-js', '--dts', 'binding.d.ts'],
    ...['--output-dir', out, '--target', zig ? platform.zig : platform.target, ...cross],
    ...['--', '--locked', ...standard]
  ]
}

// Of the compiler. They stand before what .cargo/config.toml and napi say, and so repeat that.
function flagsFor({ needs }, root, source) {
  const cargo = process.env.CARGO_HOME || path.join(os.homedir(), '.cargo')
  // The same bytes wherever it is built, and no path of the machine that did: panics tell where they come from.
  const prefixes = { [root]: '/package', [cargo]: '/cargo', ...(source && { [source]: '/rust' }) }
  const remaps = Object.entries(prefixes).map(([from, to]) => `--remap-path-prefix=${from}=${to}`)
  if (needs.musl) return [...remaps, '-Ctarget-feature=-crt-static']
  if (needs.windows) return [...remaps, '-Ctarget-feature=+crt-static']
  return remaps
}

/** Builds what is in `root`; false if that failed. */
function build(platform, { root = ROOT, zig = false, out = root, env = {} } = {}) {
  const rust = toolchain.rustFor(platform.target)
  const tools = zig ? toolchain.zig() : {}
  const args = commandFor(platform, { zig, out, standard: rust.args })
  const flags = flagsFor(platform, root, rust.source).join('\x1f')
  const own = { MACOSX_DEPLOYMENT_TARGET: MACOS, CARGO_ENCODED_RUSTFLAGS: flags }
  const { status } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: root,
    env: { ...process.env, ...own, ...tools, ...rust.env, ...env },
    stdio: 'inherit'
  })
  return status === 0
}

/** The file that a build has written into a folder. */
const addonOf = ({ name }, folder) => path.join(folder, `bittorrent-udp-tracker.${name}.node`)

module.exports = { addonOf, build, commandFor }

if (require.main === module) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { zig: { type: 'boolean' }, out: { type: 'string' } }
  })
  const out = path.resolve(values.out || ROOT)
  const platform = platformOf(positionals[0])
  if (build(platform, { zig: values.zig, out })) {
    const excess = excessOf(addonOf(platform, out), platform.needs)
    if (excess.length > 0) {
      console.error(`${platform.name} needs ${excess.join(', ')}`)
      process.exitCode = 1
    }
  } else {
    process.exitCode = 1
  }
}
