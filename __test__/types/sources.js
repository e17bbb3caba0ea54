// Compiles TypeScript that is in no file, as a file of this folder would be.
'use strict'

const path = require('node:path')
const ts = require('typescript')
const { slashed } = require('../support/child.js')

// The errors of a source text as TypeScript words them. `name` decides what kind of module it is.
function errorsOf(name, text) {
  const config = path.join(__dirname, 'tsconfig.json')
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, ts.sys.readFile).config,
    ts.sys,
    __dirname
  )
  const file = slashed(path.join(__dirname, name))
  const host = ts.createCompilerHost({ ...options, skipLibCheck: true })
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (asked) => asked === file || fileExists(asked)
  host.readFile = (asked) => (asked === file ? text : readFile(asked))
  host.getSourceFile = (asked, ...rest) =>
    asked === file ? ts.createSourceFile(file, text, ...rest) : getSourceFile(asked, ...rest)
  const program = ts.createProgram([file], { ...options, skipLibCheck: true }, host)
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

module.exports = { errorsOf }
