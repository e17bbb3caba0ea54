// Loads the addon of this platform: from the file that NAPI_RS_NATIVE_LIBRARY_PATH names, as it was built in this folder, or
// out of the platform's own package. Where none loads, the portable engine takes its place; if that does not work either, one
// error says why and what to do.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { debuglog } = require('node:util')

const NAME = 'bittorrent-udp-tracker'

const debug = debuglog(NAME)

// Within an ES module that a bundler made there is no `__dirname`.
const ROOT = typeof __dirname === 'string' ? path.join(__dirname, '../..') : null

const GUIDE = 'See docs/bundlers.md in the package.'

const LEFT_OUT =
  'If it was installed without optional dependencies: npm install --include=optional.'
const IN_A_BUNDLE =
  'This is a bundle without it: tell the bundler to leave bittorrent-udp-tracker out ("external"), or how to take a .node file in.'

let loaded = null

/** The addon's exports or what stands for them, always the same; throws an error with the code ERR_NO_ADDON without any. */
function load() {
  if (loaded === null) loaded = find()
  return loaded
}

function find() {
  const given = namedFile()
  const problems = []
  const sources = given
    ? [() => open(path.resolve(given))]
    : platforms().flatMap((platform) => [() => built(platform), () => packaged(platform)])
  for (const source of sources) {
    try {
      const addon = source()
      if (addon !== null) return checked(addon)
    } catch (error) {
      problems.push(error)
    }
  }
  // Whoever names a file wants that one.
  if (given) throw noAddon(problems)
  return portable(problems)
}

// The engine for wherever no addon loads.
function portable(problems) {
  try {
    const engine = require('../portable/index.js')
    engine.check()
    const { isDebugged } = require('./diagnostics.js')
    if (isDebugged()) debug('the portable engine serves: %s', noAddon(problems).message)
    return engine
  } catch (error) {
    // In a bundle it may be missing.
    const why = isMissing(error) ? '' : `Its portable engine cannot run: ${error.message}. `
    throw noAddon(problems, why)
  }
}

function namedFile() {
  try {
    return process.env.NAPI_RS_NATIVE_LIBRARY_PATH
  } catch {
    return undefined // Deno without --allow-env
  }
}

/** What may run here, the likeliest first. */
function platforms() {
  const { platform, arch } = process
  if (platform === 'win32') return [`win32-${arch}-msvc`]
  if (platform !== 'linux') return [`${platform}-${arch}`]
  const [gnu, musl] = arch === 'arm' ? ['gnueabihf', 'musleabihf'] : ['gnu', 'musl']
  const libc = mappedLibrary() || cLibrary()
  const names = libc === null ? [gnu, musl] : [libc.name === 'musl' ? musl : gnu]
  return names.map((name) => `linux-${arch}-${name}`)
}

// The same as `cLibrary`, without a version, out of what is mapped: in less than a millisecond, where a report takes five.
// `null` where that cannot be read; Deno would ask its user for permission.
function mappedLibrary() {
  if (process.versions.deno) return null
  try {
    const maps = fs.readFileSync('/proc/self/maps', 'latin1')
    const found = /\/(?:(ld-musl-|libc\.musl-)|libc\.so\.6$|libc-2\.)/m.exec(maps)
    return found && { name: found[1] ? 'musl' : 'glibc' }
  } catch {
    return null
  }
}

// The C library of the running process, which need not be that of the system's programs; `null` if it is not known.
function cLibrary() {
  const { report } = process
  if (!report || typeof report.getReport !== 'function') return null
  // With the network it would look the names of all open connections up.
  const { excludeNetwork } = report
  report.excludeNetwork = true
  try {
    const { header, sharedObjects } = report.getReport()
    const version = header && header.glibcVersionRuntime
    if (version) return { name: 'glibc', version }
    const isMusl = Array.isArray(sharedObjects) && sharedObjects.some((file) => /musl/.test(file))
    return isMusl ? { name: 'musl' } : null
  } catch {
    return null // Deno without --allow-sys
  } finally {
    report.excludeNetwork = excludeNetwork
  }
}

// `require` would have bundlers look for the file.
function open(file) {
  const addon = { exports: {} }
  process.dlopen(addon, file)
  return addon.exports
}

function built(platform) {
  if (ROOT === null) return null
  const file = path.join(ROOT, `${NAME}.${platform}.node`)
  return fs.existsSync(file) ? open(file) : null
}

// Written out, and within `try`: bundlers follow what is a text, and let what is not installed pass.
function packaged(platform) {
  try {
    switch (platform) {
      case 'linux-x64-gnu':
        return require('@bittorrent-udp-tracker/linux-x64-gnu')
      case 'linux-x64-musl':
        return require('@bittorrent-udp-tracker/linux-x64-musl')
      case 'linux-arm64-gnu':
        return require('@bittorrent-udp-tracker/linux-arm64-gnu')
      case 'linux-arm64-musl':
        return require('@bittorrent-udp-tracker/linux-arm64-musl')
      case 'linux-arm-gnueabihf':
        return require('@bittorrent-udp-tracker/linux-arm-gnueabihf')
      case 'darwin-x64':
        return require('@bittorrent-udp-tracker/darwin-x64')
      case 'darwin-arm64':
        return require('@bittorrent-udp-tracker/darwin-arm64')
      case 'win32-x64-msvc':
        return require('@bittorrent-udp-tracker/win32-x64-msvc')
      case 'win32-arm64-msvc':
        return require('@bittorrent-udp-tracker/win32-arm64-msvc')
      default:
        return null
    }
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

// Bundlers and single executables have errors of their own for a package that is not there.
function isMissing({ code, message }) {
  const isUnknown = code === 'MODULE_NOT_FOUND' || code === 'ERR_UNKNOWN_BUILTIN_MODULE'
  // eslint-disable-next-line no-restricted-syntax -- they are not ours, and have no code
  return isUnknown || /^(Cannot find|Could not resolve|Could not load)/.test(message)
}

// A bundler may have made something else of the file: its name, or an object with it.
function checked(addon) {
  if (addon && typeof addon.Session === 'function') return addon
  const found =
    typeof addon === 'string' ? `the text '${addon.slice(0, 100)}'` : `a ${typeof addon}`
  throw new Error(`a bundler put ${found} in the place of the .node file. ${GUIDE}`)
}

// `other` is why there is no other engine, if it was to be one.
function noAddon(problems, other = '') {
  const failure = new Error(`${NAME} ${whyAndWhatToDo(problems, other)}`)
  return Object.assign(failure, { code: 'ERR_NO_ADDON', cause: problems[0] })
}

function whyAndWhatToDo(problems, other) {
  const platform = platformName()
  if (problems.length === 0) {
    const cure = isInstalled() ? LEFT_OUT : IN_A_BUNDLE
    return `found no addon for ${platform}. ${other}${cure} ${buildAdvice()}`
  }
  const reasons = problems.map(({ message }) => message).join('; ')
  const permission = missingPermission(problems)
  if (permission !== null) {
    return `may not load its addon (${reasons}): ${permission}. ${other}${GUIDE}`
  }
  const advice = ` ${other}${/bundler/.test(reasons) ? '' : buildAdvice()}`.trimEnd()
  return `cannot load its addon on ${platform}: ${reasons}${/\.$/.test(reasons) ? '' : '.'}${advice}`
}

// What lets this process load it, if that is all that is in the way.
function missingPermission(problems) {
  if (problems.some(({ code }) => code === 'ERR_DLOPEN_DISABLED')) {
    return 'start Node.js without --no-addons, and with --allow-addons if it has --permission'
  }
  if (problems.some(({ code }) => code === 'ERR_ACCESS_DENIED')) {
    return 'let Node.js read it with --allow-fs-read'
  }
  const isDenied = ({ name }) => name === 'NotCapable' || name === 'PermissionDenied'
  return problems.some(isDenied) ? 'start Deno with --allow-ffi and --allow-read' : null
}

// Such as "linux x64 (glibc 2.36)".
function platformName() {
  const name = `${process.platform} ${process.arch}`
  const libc = process.platform === 'linux' ? cLibrary() : null
  if (libc === null) return name
  return `${name} (${libc.name === 'musl' ? 'musl' : `glibc ${libc.version}`})`
}

// For any folder and any shell.
function buildAdvice() {
  if (!isInstalled()) return GUIDE
  return `To build it, with Rust installed: node "${builder()}"`
}

const builder = () => path.join(ROOT, 'lib/engine/build-addon.js')

// Not so in a bundle, nor where only the files that somebody traced were copied.
const isInstalled = () => ROOT !== null && fs.existsSync(builder())

module.exports = { NAME, ROOT, load, platforms }
