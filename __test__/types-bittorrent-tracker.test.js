// The declarations of bittorrent-udp-tracker/bittorrent-tracker and the code say the same. That they compile, and what does
// not, is tested in __test__/packaging/bittorrent-tracker.test.js on what is published.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const path = require('node:path')
const ts = require('typescript')
const { ROOT, slashed } = require('./support/child.js')
const entry = require('../lib/bittorrent-tracker/index.js')

const FOLDER = slashed(path.join(ROOT, 'lib/bittorrent-tracker'))
const COMMONJS = `${FOLDER}/index.d.ts`
const ESM = `${FOLDER}/index.d.mts`

const program = ts.createProgram([COMMONJS, ESM], {
  strict: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  skipLibCheck: true
})
const checker = program.getTypeChecker()
const exportsOf = (file) =>
  checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)))
const namesOf = (symbols) => symbols.map((symbol) => symbol.getName()).sort()
const membersOf = ({ members }) => [...(members || new Map()).values()]
const declared = exportsOf(COMMONJS)
const isValue = ({ flags }) => (flags & ts.SymbolFlags.Value) !== 0

const GIVEN = { infoHash: 'ab'.repeat(20), peerId: 'cd'.repeat(20), announce: 'udp://x', port: 1 }

test('the module has what is declared, and nothing else', () => {
  assert.deepEqual(Object.keys(entry).sort(), namesOf(declared.filter(isValue)))
})

test('ES modules have the same declarations', () => {
  assert.deepEqual(namesOf(exportsOf(ESM)), namesOf(declared))
})

test('instances have what is declared, and no public method that is not', () => {
  const client = new entry.Client(GIVEN)
  const [tracker] = client._trackers
  for (const [name, instance] of [
    ['Client', client],
    ['UDPTracker', tracker]
  ]) {
    const symbol = declared.find((one) => one.getName() === name)
    const members = namesOf(membersOf(symbol)).filter((member) => !member.startsWith('__'))
    for (const member of members) assert.ok(member in instance, `${name}.${member}`)
    const own = [...Object.keys(instance), ...Object.getOwnPropertyNames(entry[name].prototype)]
    const inherited = new EventEmitter()
    const undeclared = own.filter((member) => {
      const isPublic = member !== 'constructor' && !member.startsWith('_')
      return isPublic && !(member in inherited) && !members.includes(member)
    })
    assert.deepEqual(undeclared, [], name)
  }
})

test('each declaration has a doc comment', () => {
  const bare = []
  for (const symbol of declared) {
    if (symbol.getDocumentationComment(checker).length === 0) bare.push(symbol.getName())
    for (const member of membersOf(symbol)) {
      const isDocumented = member.getDocumentationComment(checker).length > 0
      const name = `${symbol.getName()}.${member.getName()}`
      if (!isDocumented && !member.getName().startsWith('__')) bare.push(name)
    }
  }
  assert.deepEqual(bare, [])
})
