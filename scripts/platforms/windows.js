// Links an addon for Windows x64 without Windows: zig brings Microsoft's linker as LLVM has it, and lists of what the
// system's DLLs export; what is left of Microsoft's C runtime is in windows/. Good for trying an addon under Wine: what is
// published is linked on Windows.
'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { folder } = require('./downloads')

const SOURCES = path.join(__dirname, 'windows')
const MACHINE = ['-m', 'i386:x86-64']
const FROM_TEMPLATES = ['kernel32', 'ntdll', 'ws2_32', 'advapi32']
const FROM_LISTS = ['userenv', 'dbghelp', 'iphlpapi', 'bcrypt']
// Parts of the C runtime that objects name. All that is wanted of them is one function.
const RUNTIME = ['legacy_stdio_definitions', 'libcmt', 'libvcruntime', 'libucrt', 'oldnames']

/** The environment for cargo, given the path of zig; `shim` is the DLL that Wine needs besides. */
function linker(zig) {
  const place = folder('windows', (unfinished) => fill(unfinished, zig))
  return {
    env: { CARGO_TARGET_X86_64_PC_WINDOWS_MSVC_LINKER: path.join(place, 'link') },
    shim: path.join(place, 'bcryptprimitives.dll')
  }
}

function fill(place, zig) {
  const run = (...args) => execFileSync(zig, args, { cwd: place, stdio: 'pipe' })
  const compile = (name) =>
    run(...['cc', '-target', 'x86_64-windows-msvc', '-O1', '-c', path.join(SOURCES, name)])
  const importLibrary = (name, list) => run('dlltool', ...MACHINE, '-d', list, '-l', `${name}.lib`)

  const lists = path.join(path.dirname(zig), 'lib/libc/mingw')
  for (const name of FROM_TEMPLATES) {
    const definitions = ['-DDEF_X64', `-I${path.join(lists, 'def-include')}`]
    const template = path.join(lists, 'lib-common', `${name}.def.in`)
    const target = ['-target', 'x86_64-windows-gnu', '-w']
    run('cc', '-E', '-P', '-xc', ...target, ...definitions, template, '-o', `${name}.def`)
    importLibrary(name, `${name}.def`)
  }
  for (const name of FROM_LISTS) {
    const folders = ['lib-common', 'lib64'].map((one) => path.join(lists, one, `${name}.def`))
    importLibrary(name, folders.find(fs.existsSync))
  }
  importLibrary('msvcrt', path.join(SOURCES, 'msvcrt.def'))

  compile('crt.c')
  compile('chkstk.s')
  compile('bcryptprimitives.c')
  const object = (name) =>
    ['o', 'obj']
      .map((end) => `${name}.${end}`)
      .find((file) => fs.existsSync(path.join(place, file)))
  for (const name of RUNTIME) run('ar', 'rc', `${name}.lib`, object('chkstk'))
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
