// The platforms that have a package with a built addon: how each is built, what it may need, and what can run it on
// Linux x64. scripts/pack.js packs by this list, `.github/workflows/release.yml` builds by it and lib/engine/addon.js loads by
// it; __test__/platforms.test.js compares them.
'use strict'

// Red Hat 7 and all that came after it. zig takes the version behind the target's name.
const GLIBC = '2.17'
const MACOS = '11.0'

const glibc = (name, target, title, run) => ({
  name,
  title: `Linux ${title} with glibc ${GLIBC} or later`,
  target,
  zig: `${target}.${GLIBC}`,
  needs: { glibc: GLIBC },
  run
})
const musl = (name, target, title, run) => ({
  name,
  title: `Linux ${title} with musl`,
  target,
  zig: target,
  needs: { musl: true },
  run
})
const macos = (name, target, title) => ({
  name,
  title: `macOS ${title}`,
  target,
  zig: target,
  needs: { macos: MACOS }
})
// Microsoft's linker and libraries are on Windows alone. windows.js links addons to try.
const windows = (name, target, processor, run) => ({
  name,
  title: `Windows ${processor}`,
  target,
  processor,
  needs: { windows: true },
  run
})

const PLATFORMS = [
  glibc('linux-x64-gnu', 'x86_64-unknown-linux-gnu', 'x64', 'native'),
  glibc('linux-arm64-gnu', 'aarch64-unknown-linux-gnu', 'arm64', 'qemu-aarch64'),
  glibc('linux-arm-gnueabihf', 'armv7-unknown-linux-gnueabihf', 'armv7', 'qemu-arm'),
  musl('linux-x64-musl', 'x86_64-unknown-linux-musl', 'x64', 'musl'),
  musl('linux-arm64-musl', 'aarch64-unknown-linux-musl', 'arm64', 'qemu-aarch64-musl'),
  macos('darwin-x64', 'x86_64-apple-darwin', 'x64'),
  macos('darwin-arm64', 'aarch64-apple-darwin', 'arm64'),
  windows('win32-x64-msvc', 'x86_64-pc-windows-msvc', 'x64', 'wine'),
  windows('win32-arm64-msvc', 'aarch64-pc-windows-msvc', 'arm64')
]

// The portable engine is tried there: the processor has its bytes in the other order, and no package.
const BIG_ENDIAN = { name: 'linux-s390x', run: 'qemu-s390x' }

// Types are checked for them, and nothing more: there the addon is built from source.
const CHECKED = ['i686-unknown-linux-gnu', 'x86_64-unknown-freebsd']

/** The platform of a name such as linux-x64-musl, or of a target. */
function platformOf(name) {
  const found = PLATFORMS.find((platform) => platform.name === name || platform.target === name)
  if (found) return found
  throw new Error(`there is no ${name}; there are ${PLATFORMS.map((one) => one.name).join(', ')}`)
}

module.exports = { PLATFORMS, BIG_ENDIAN, CHECKED, MACOS, platformOf }
