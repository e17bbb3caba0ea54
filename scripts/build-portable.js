// Builds the core of lib/portable, in WebAssembly, into a module that bundlers need no configuration for:
// lib/portable/core-bytes.js, which is not kept in the repository.
//
//   npm run build:portable [-- --prebuilt]
//
// It needs the compiler's target, which scripts/platforms/toolchain.js finds as it finds those of the platforms. --prebuilt builds
// nothing, and says so, where the standard library would have to be built first.
'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const zlib = require('node:zlib')
const { rustFor } = require('./platforms/toolchain.js')

const ROOT = path.join(__dirname, '..')
const TARGET = 'wasm32-unknown-unknown'
const OUT = path.join(ROOT, 'lib/portable/core-bytes.js')

// A tenth smaller than what is made for speed, and no slower where it was measured.
const SMALL = { CARGO_PROFILE_RELEASE_OPT_LEVEL: 's' }

const ARGS = [
  'build',
  '--locked',
  '--lib',
  '--no-default-features',
  '--release',
  '--target',
  TARGET
]

const folder = process.env.CARGO_TARGET_DIR || path.join(ROOT, 'target')
const rust = rustFor(TARGET, { prebuilt: process.argv.includes('--prebuilt') })
if (rust === null) {
  console.log(`${TARGET}: left out, no standard library is at hand`)
  process.exit()
}
const { args, env } = rust
execFileSync('cargo', [...ARGS, '--target-dir', folder, ...args], {
  cwd: ROOT,
  env: { ...process.env, ...SMALL, ...env },
  stdio: 'inherit'
})

const bytes = fs.readFileSync(path.join(folder, TARGET, 'release/bittorrent_udp_tracker.wasm'))
const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes))
if (imports.length > 0) throw new Error(`it imports ${JSON.stringify(imports)}`)

const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants
const packed = zlib.brotliCompressSync(bytes, {
  params: { [BROTLI_PARAM_QUALITY]: 11, [BROTLI_PARAM_SIZE_HINT]: bytes.length }
})
fs.writeFileSync(
  OUT,
  `// Built by scripts/build-portable.js.\nmodule.exports =\n  '${packed.toString('base64')}'\n`
)
console.log(`${OUT}: ${bytes.length} bytes, ${packed.length} packed`)
