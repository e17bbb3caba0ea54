// Links an addon for Windows without Windows: zig brings Microsoft's linker as LLVM has it, and lists of what the system's
// DLLs export; what is left of Microsoft's C runtime is in windows/. Good for trying an addon under Wine, and for seeing
// that it links: what is published is linked on Windows.
'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { digestOf, folder } = require('./downloads.js')

const SOURCES = path.join(__dirname, 'windows')
// A processor's name in targets of Rust and zig, and in zig's dlltool.
const MACHINES = { x64: ['x86_64', 'i386:x86-64'], arm64: ['aarch64', 'arm64'] }
const FROM_TEMPLATES = ['kernel32', 'ntdll', 'ws2_32', 'advapi32']
const FROM_LISTS = ['userenv', 'dbghelp', 'iphlpapi', 'bcrypt']
// Parts of the C runtime that objects name. All that is wanted of them is one function.
const RUNTIME = ['legacy_stdio_definitions', 'libcmt', 'libvcruntime', 'libucrt', 'oldnames']

/** The environment for cargo, given the path of zig; `shim` is the DLL that Wine needs besides. */
function linker(zig, processor = 'x64') {
  const sources = fs.readdirSync(SOURCES).map((name) => path.join(SOURCES, name))
  const place = folder(`windows-${processor}-${digestOf([__filename, ...sources])}`, (unfinished) =>
    fill(unfinished, zig, processor)
  )
  const [cpu] = MACHINES[processor]
  return {
    env: {
      [`CARGO_TARGET_${cpu.toUpperCase()}_PC_WINDOWS_MSVC_LINKER`]: path.join(place, 'link')
    },
    shim: path.join(place, 'bcryptprimitives.dll')
  }
}

function fill(place, zig, processor) {
  const [cpu, machine] = MACHINES[processor]
  const run = (...args) => execFileSync(zig, args, { cwd: place, stdio: 'pipe' })
  const compile = (name) =>
    run(...['cc', '-target', `${cpu}-windows-msvc`, '-O1', '-c', path.join(SOURCES, name)])
  const importLibrary = (name, list) =>
    run('dlltool', '-m', machine, '-d', list, '-l', `${name}.lib`)

  const lists = path.join(path.dirname(zig), 'lib/libc/mingw')
  for (const name of FROM_TEMPLATES) {
    const included = `-I${path.join(lists, 'def-include')}`
    const template = path.join(lists, 'lib-common', `${name}.def.in`)
    const target = ['-target', `${cpu}-windows-gnu`, '-w']
    run('cc', '-E', '-P', '-xc', ...target, included, template, '-o', `${name}.def`)
    importLibrary(name, `${name}.def`)
  }
  for (const name of FROM_LISTS) {
    importLibrary(name, path.join(lists, 'lib-common', `${name}.def`))
  }
  importLibrary('msvcrt', path.join(SOURCES, 'msvcrt.def'))

  const stack = `chkstk-${processor}`
  compile('crt.c')
  compile(`${stack}.s`)
  compile('bcryptprimitives.c')
  const object = (name) =>
    ['o', 'obj']
      .map((end) => `${name}.${end}`)
      .find((file) => fs.existsSync(path.join(place, file)))
  for (const name of RUNTIME) run('ar', 'rc', `${name}.lib`, object(stack))
  const dll = ['/dll', '/nodefaultlib', '/entry:_DllMainCRTStartup', '/out:bcryptprimitives.dll']
  run('lld-link', ...dll, object('bcryptprimitives'), 'advapi32.lib')
  const script = [
    '#!/bin/sh',
    'place=$(dirname "$0")',
    `exec ${zig} lld-link "$@" /nodefaultlib "/libpath:$place" "$place/${object('crt')}" "$place/msvcrt.lib"`
  ]
  fs.writeFileSync(path.join(place, 'link'), `${script.join('\n')}\n`, { mode: 0o755 })
}

module.exports = { linker }
