// What a built addon needs of the system that it is loaded on, read out of the file.
'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')

const later = (a, b) => {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  return left[0] - right[0] || left[1] - right[1]
}

// ELF: `readelf` reads that of any processor.
function elf(file) {
  const text = execFileSync('readelf', ['--dynamic', '--version-info', '--wide', file], {
    encoding: 'utf8'
  })
  const libraries = [...text.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((match) => match[1])
  const versions = [...text.matchAll(/\bGLIBC_(\d+\.\d+)/g)].map((match) => match[1])
  return { libraries, glibc: versions.sort(later).at(-1) }
}

const MACHO_64 = 0xfeedfacf
const LC_BUILD_VERSION = 0x32
const LC_LOAD_DYLIB = 0x0c

// Mach-O: a header of 32 bytes, and behind it commands that each begin with their kind and length.
function macho(bytes) {
  const libraries = []
  let macos
  let at = 32
  for (let left = bytes.readUInt32LE(16); left > 0; left--) {
    const kind = bytes.readUInt32LE(at)
    const length = bytes.readUInt32LE(at + 4)
    if (kind === LC_BUILD_VERSION) {
      const minimum = bytes.readUInt32LE(at + 12)
      macos = `${minimum >>> 16}.${(minimum >>> 8) & 0xff}`
    } else if (kind === LC_LOAD_DYLIB) {
      libraries.push(textAt(bytes, at + bytes.readUInt32LE(at + 8)))
    }
    at += length
  }
  return { libraries, macos }
}

const textAt = (bytes, start) => bytes.toString('latin1', start, bytes.indexOf(0, start))

// PE for 64 bits: the import table is the second data directory, 20 bytes for each DLL. Addresses are those in memory,
// which the sections' headers translate.
function pe(bytes) {
  const header = bytes.readUInt32LE(0x3c)
  const optional = header + 24
  const sections = optional + bytes.readUInt16LE(header + 20)
  const offsetOf = (address) => {
    for (let i = 0; i < bytes.readUInt16LE(header + 6); i++) {
      const section = sections + 40 * i
      const start = bytes.readUInt32LE(section + 12)
      const size = bytes.readUInt32LE(section + 16)
      if (address >= start && address < start + size) {
        return address - start + bytes.readUInt32LE(section + 20)
      }
    }
    throw new Error(`no section has the address ${address}`)
  }
  const libraries = []
  const table = bytes.readUInt32LE(optional + 120)
  for (let at = table && offsetOf(table); table && bytes.readUInt32LE(at + 12) !== 0; at += 20) {
    libraries.push(textAt(bytes, offsetOf(bytes.readUInt32LE(at + 12))))
  }
  return { libraries }
}

/** `{libraries, glibc?, macos?}`: the shared libraries, and the oldest version of the system that will do. */
function needsOf(file) {
  const bytes = fs.readFileSync(file)
  if (bytes.toString('latin1', 0, 4) === '\x7fELF') return elf(file)
  if (bytes.toString('latin1', 0, 2) === 'MZ') return pe(bytes)
  if (bytes.readUInt32LE(0) === MACHO_64) return macho(bytes)
  throw new Error(`${file} is no shared library`)
}

// What every glibc, musl, macOS and Windows has.
const GLIBC = /^(lib(c|m|dl|pthread|rt|gcc_s)\.so\.\d+|ld-linux.*)$/
const MUSL = /^libc\.(so|musl-\w+\.so\.1)$/
const MACOS = /^\/usr\/lib\/|^\/System\/Library\//
const WINDOWS =
  /^(api-ms-win-core-.*|kernel32|ntdll|ws2_32|iphlpapi|bcryptprimitives|advapi32|bcrypt|userenv|netapi32|msvcrt)\.dll$/i

/** What the addon needs beyond what `allowed` (a platform's `needs`) says; an empty list is as it should be. */
function excessOf(file, allowed) {
  const { libraries, glibc, macos } = needsOf(file)
  const excess = []
  const known = allowed.glibc ? GLIBC : allowed.musl ? MUSL : allowed.macos ? MACOS : WINDOWS
  for (const library of libraries) if (!known.test(library)) excess.push(library)
  if (glibc && !(allowed.glibc && later(glibc, allowed.glibc) <= 0)) excess.push(`glibc ${glibc}`)
  if (macos && later(macos, allowed.macos) > 0) excess.push(`macOS ${macos}`)
  return excess
}

module.exports = { needsOf, excessOf }
