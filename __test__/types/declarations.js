// What index.d.ts and index.d.mts declare, read by the TypeScript compiler.
'use strict'

const path = require('node:path')
const ts = require('typescript')
const { ROOT, slashed } = require('../support/child.js')

// TypeScript's own spelling of paths, which it also compares them by.
const COMMONJS = slashed(path.join(ROOT, 'index.d.ts'))
const ESM = slashed(path.join(ROOT, 'index.d.mts'))

const OPTIONS = {
  strict: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  skipLibCheck: true
}

const program = ts.createProgram([COMMONJS, ESM], OPTIONS)
const checker = program.getTypeChecker()

const moduleOf = (file) => checker.getSymbolAtLocation(program.getSourceFile(file))
// `export =`: the class, and merged with it the namespace.
const root = checker.resolveExternalModuleSymbol(moduleOf(COMMONJS))

const isOfEveryClass = (name) => name === 'prototype' || name.startsWith('__')
const isMember = ([name, { flags }]) =>
  !isOfEveryClass(String(name)) && (flags & ts.SymbolFlags.TypeParameter) === 0
const membersIn = (table) => [...table].filter(isMember)
const namesOf = (table) => membersIn(table).map(([name]) => String(name))
const isValue = (symbol) => (resolve(symbol).flags & ts.SymbolFlags.Value) !== 0

function resolve(symbol) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
}

function exported(name) {
  const symbol = root.exports.get(name)
  if (symbol === undefined) throw new Error(`index.d.ts declares no ${name}`)
  return symbol
}

// What an instance has by the class itself, without what it inherits.
const instanceMembers = () => namesOf(root.members)

const staticMembers = () => namesOf(root.exports).filter((name) => isValue(root.exports.get(name)))

// The members of an interface or a class of the namespace, without what it inherits from beyond it.
function membersOf(name) {
  return checker
    .getDeclaredTypeOfSymbol(exported(name))
    .getProperties()
    .filter(({ declarations }) =>
      declarations.some((node) => node.getSourceFile().fileName === COMMONJS)
    )
    .map((symbol) => symbol.getName())
}

// The texts of a union of string literals.
function literalsOf(name) {
  return checker.getDeclaredTypeOfSymbol(exported(name)).types.map((type) => type.value)
}

const typeNames = () => namesOf(root.exports).filter((name) => !isValue(root.exports.get(name)))

const esmExports = () => checker.getExportsOfModule(moduleOf(ESM))
const esmValues = () =>
  esmExports()
    .filter(isValue)
    .map((symbol) => symbol.getName())
const esmTypes = () =>
  esmExports()
    .filter((symbol) => !isValue(symbol))
    .map((symbol) => symbol.getName())

// Members, functions and types that have no doc comment.
function undocumented() {
  const found = []
  const look = (prefix, table) => {
    for (const [name, symbol] of membersIn(table)) {
      if (symbol.getDocumentationComment(checker).length === 0) found.push(`${prefix}${name}`)
      if (symbol.members) look(`${prefix}${name}.`, symbol.members)
    }
  }
  look('#', root.members)
  look('.', root.exports)
  return found
}

// Which declaration file the package's name means to a file of the given kind.
function declarationFor(kind) {
  const mode = kind === 'import' ? ts.ModuleKind.ESNext : ts.ModuleKind.CommonJS
  const { resolvedModule } = ts.resolveModuleName(
    'bittorrent-udp-tracker',
    path.join(ROOT, '__test__/types', kind === 'import' ? 'esm.mts' : 'commonjs.ts'),
    OPTIONS,
    ts.sys,
    undefined,
    undefined,
    mode
  )
  return resolvedModule && slashed(path.relative(ROOT, resolvedModule.resolvedFileName))
}

module.exports = {
  instanceMembers,
  staticMembers,
  membersOf,
  literalsOf,
  typeNames,
  esmValues,
  esmTypes,
  undocumented,
  declarationFor
}
