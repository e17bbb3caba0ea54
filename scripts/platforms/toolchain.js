// What builds for other platforms: zig as linker, from PyPI, and Rust's standard library for them. It is rustup's, which
// adds it to the compiler at hand; where rustup cannot, it is built from source, by a compiler and of a source that Debian's
// security archive has together (rustc-web, rust-web-src), unpacked aside and not installed, with its linker for WebAssembly.
'use strict'

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { unpackDebian, pipInstall } = require('./downloads.js')

const LLVM = 22
const RUST_PACKAGES = [
  'rustc-web',
  'rust-web-src',
  'libstd-rust-web-1.96',
  'libstd-rust-web-dev',
  `libllvm${LLVM}`,
  `lld-${LLVM}`
]
const RUSTUP_MS = 60_000
const REQUIREMENTS = path.join(__dirname, 'requirements.txt')

const zigFolder = () => pipInstall('zig', REQUIREMENTS)

const zigProgram = () => path.join(zigFolder(), 'ziglang/zig')

/** The environment in which `cargo zigbuild` is found. */
function zig() {
  const place = zigFolder()
  const shim = path.join(place, 'bin')
  const inherited = process.env.PYTHONPATH
  return {
    PATH: `${shim}${path.delimiter}${process.env.PATH}`,
    PYTHONPATH: inherited ? `${place}${path.delimiter}${inherited}` : place,
    CARGO_ZIGBUILD_ZIG_PATH: zigProgram()
  }
}

// Whether the compiler at hand has the standard library of a target.
function hasStandardLibrary(target) {
  const args = ['--print', 'target-libdir', '--target', target]
  const { status, stdout } = spawnSync('rustc', args, { encoding: 'utf8' })
  if (status !== 0 || !fs.existsSync(stdout.trim())) return false
  return fs.readdirSync(stdout.trim()).some((name) => name.startsWith('libstd-'))
}

let canAdd = true

// False where there is no rustup, or it cannot reach its server: then it is not asked again.
function addByRustup(target) {
  if (!canAdd) return false
  const options = { stdio: 'ignore', timeout: RUSTUP_MS }
  canAdd = spawnSync('rustup', ['target', 'add', target], options).status === 0
  return canAdd
}

/**
 * `args` for cargo, `env` for a compiler that can build for a target, and the folder of its `source` if that is built, which
 * takes long; if it is to be `prebuilt` and is not, `null`.
 */
function rustFor(target, { prebuilt = false } = {}) {
  const own = { args: [], env: {} }
  if (hasStandardLibrary(target)) return own
  if (addByRustup(target) && hasStandardLibrary(target)) return own
  if (prebuilt) return null
  const root = compilerWithSource()
  // -Z is for nightly compilers, or for those that are told not to mind.
  const env = { RUSTC: path.join(root, 'rustc'), RUSTC_BOOTSTRAP: '1' }
  // Debian's compiler comes without the program that strips files for macOS.
  if (target.includes('apple')) env.CARGO_PROFILE_RELEASE_STRIP = 'none'
  const source = path.join(root, 'usr/lib/rustlib/src/rust')
  const isWebAssembly = target.startsWith('wasm32')
  if (isWebAssembly) env.CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER = path.join(root, 'wasm-ld')
  const panic = isWebAssembly ? 'panic_abort' : 'panic_unwind'
  return { args: ['-Z', `build-std=std,${panic}`], env, source }
}

function compilerWithSource() {
  const root = unpackDebian(`rust-llvm-${LLVM}`, RUST_PACKAGES)
  const rustc = path.join(root, 'rustc')
  if (!fs.existsSync(rustc)) {
    const [version] = fs.readdirSync(path.join(root, 'usr/src'))
    const source = path.join(root, 'usr/lib/rustlib/src/rust')
    fs.mkdirSync(path.dirname(source), { recursive: true })
    fs.rmSync(source, { force: true })
    fs.symlinkSync(path.join(root, 'usr/src', version), source)
    const libraries = path.join(root, 'usr/lib/x86_64-linux-gnu')
    const programs = { rustc: 'usr/bin/rustc', 'wasm-ld': `usr/lib/llvm-${LLVM}/bin/wasm-ld` }
    for (const [name, program] of Object.entries(programs)) {
      const script = `#!/bin/sh\nLD_LIBRARY_PATH=${libraries} exec ${root}/${program} "$@"\n`
      fs.writeFileSync(path.join(root, name), script, { mode: 0o755 })
    }
    execFileSync(rustc, ['--version'], { stdio: 'ignore' })
  }
  return root
}

module.exports = { zig, zigProgram, rustFor }
