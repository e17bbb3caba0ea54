'use strict'

// Lists from files and from standard input: one thing a line, blank lines and # comments ignored.

const fs = require('node:fs')
const { quoted } = require('./text.js')
const UsageError = require('./usage-error.js')

const REASONS = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'it may not be read',
  ENOTDIR: 'there is no such file',
  ENAMETOOLONG: 'there is no such file'
}

/** Why a file could not be read, for people. */
function readFailure(err) {
  return REASONS[err.code] || err.message
}

async function readStandardInput() {
  const parts = []
  try {
    for await (const part of process.stdin) parts.push(part)
  } catch (err) {
    throw new UsageError(`cannot read standard input: ${readFailure(err)}`)
  }
  return Buffer.concat(parts)
}

function readFile(file) {
  try {
    return fs.readFileSync(file)
  } catch (err) {
    throw new UsageError(`cannot read ${quoted(file)}: ${readFailure(err)}`)
  }
}

/** The lines of a file, or of standard input for `-`: `[{text, where}]`, `where` being what error messages say. */
async function linesOf(file) {
  const bytes = file === '-' ? await readStandardInput() : readFile(file)
  const name = file === '-' ? 'standard input' : file
  if (/^d\d+:/.test(bytes.toString('latin1', 0, 20))) {
    throw new UsageError(`${quoted(name)} is a .torrent file and no list; give it without --file`)
  }
  return bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .map((line, index) => ({ text: line.trim(), where: `${name}:${index + 1}: ` }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'))
}

/** What stands in arguments, in which `-` is standard input, and then in the files, in this order. */
async function gather(args, files) {
  const sources = [...args.map((arg) => [arg, arg === '-']), ...files.map((file) => [file, true])]
  if (sources.filter(([source, isList]) => isList && source === '-').length > 1) {
    throw new UsageError('standard input can be read only once')
  }
  const found = []
  for (const [source, isList] of sources) {
    if (isList) found.push(await linesOf(source))
    else found.push([{ text: source, where: '' }])
  }
  return found.flat()
}

/** `read` for each thing; all that are wrong are named together, with their lines. */
function readAll(things, read) {
  const problems = []
  const results = []
  for (const { text, where } of things) {
    try {
      results.push(read(text))
    } catch (err) {
      if (!(err instanceof UsageError)) throw err
      problems.push(where + err.message)
    }
  }
  if (problems.length > 0) throw new UsageError(problems)
  return results
}

module.exports = { gather, readAll, readFailure }
