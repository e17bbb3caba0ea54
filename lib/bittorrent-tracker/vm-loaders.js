// Loaders that compile modules by themselves with node:vm, and so pass all hooks by: Jest's, and those of Vitest's pools
// vmThreads and vmForks.
'use strict'

const fs = require('node:fs')
const Module = require('node:module')
const vm = require('node:vm')

const { fileOf, replacement, warnOnce } = require('./replacement.js')

/** Has what they compile replaced as well. */
function install() {
  const { Script, SourceTextModule, compileFunction } = vm
  vm.Script = class extends Script {
    constructor(code, options) {
      super(
        replaced(code, typeof options === 'string' ? options : Object(options).filename),
        options
      )
    }
  }
  vm.compileFunction = (code, parameters, options) => {
    return compileFunction(replaced(code, Object(options).filename), parameters, options)
  }
  // With --experimental-vm-modules.
  if (SourceTextModule !== undefined) {
    vm.SourceTextModule = class extends SourceTextModule {
      constructor(code, options) {
        super(replaced(code, Object(options).identifier), options)
      }
    }
  }
  Module.syncBuiltinESMExports()
}

// Whatever the loader has put around the source of a file stays there.
function replaced(code, name) {
  const ours = replacement(name)
  if (ours === null || code.includes(ours.source)) return code
  const file = fileOf(name)
  const theirs = fs.readFileSync(file, 'utf8')
  if (code.includes(theirs)) return code.replace(theirs, () => ours.source)
  warnOnce(file, `${file} is left as it is, since a loader has transformed it: use patch`)
  return code
}

module.exports = install
