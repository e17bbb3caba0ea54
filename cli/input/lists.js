// Lists from files and from standard input, line by line as they come in: a list of ten million lines is never a text of
// its own. Blank lines and `#` comments are left out.
'use strict'

const fs = require('node:fs')
const net = require('node:net')
const tty = require('node:tty')
const { promisify } = require('node:util')
const { kindOf } = require('./list-kinds.js')
const { quoted } = require('../output/text.js')
const UsageError = require('../usage-error.js')

// In characters. aria2's lists are one line of hundreds of trackers.
const LONGEST_LINE = 1024 * 1024

const REASONS = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'it may not be read',
  ENOTDIR: 'there is no such file',
  ENAMETOOLONG: 'there is no such file',
  ENXIO: 'nothing can be read from it'
}

/** Why a file could not be read, for people. */
function readFailure(error) {
  return REASONS[error.code] || error.message
}

/** Opens a file for reading without waiting, which a pipe that nobody writes to would make it do for ever. */
function openNow(file) {
  return promisify(fs.open)(file, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK || 0))
}

// Reads a pipe, a terminal or a regular file so that Ctrl-C can end it: what waits in a thread cannot be called off.
async function openList(file) {
  if (file === '-') return process.stdin
  const fd = await openNow(file)
  const stat = await promisify(fs.fstat)(fd)
  if (stat.isFIFO() || stat.isSocket()) return new net.Socket({ fd, readable: true })
  return tty.isatty(fd) ? new tty.ReadStream(fd) : fs.createReadStream(null, { fd })
}

// PowerShell's `>` writes UTF-16, with a mark at its beginning or without.
function decoderFor(start) {
  const [a, b, c, d] = start
  if ((a === 0xff && b === 0xfe) || (a > 0 && b === 0 && c > 0 && d === 0))
    return new TextDecoder('utf-16le')
  if ((a === 0xfe && b === 0xff) || (a === 0 && b > 0 && c === 0 && d > 0))
    return new TextDecoder('utf-16be')
  return new TextDecoder('utf-8')
}

/**
 * Calls `onLine(text, number, isPage)` for each line that has something in it, without white space and a comment's line. What
 * it returns, if anything, is waited for.
 */
async function forEachLine(file, onLine) {
  const name = file === '-' ? 'standard input' : file
  let decoder = null
  let rest = ''
  let number = 0
  let kind = null
  const take = async (text) => {
    // A line's end may be cut in two.
    const isCut = text.endsWith('\r')
    const lines = (rest + (isCut ? text.slice(0, -1) : text)).split(/\r\n|\n|\r/)
    rest = lines.pop() + (isCut ? '\r' : '')
    if (rest.length > LONGEST_LINE) {
      throw new UsageError(
        `${quoted(name)} is not a list: line ${number + lines.length + 1} has no end`
      )
    }
    for (const line of lines) {
      number++
      const thing = line.trim()
      if (thing === '' || thing.startsWith('#')) continue
      kind ??= kindOf(thing)
      const picked = kind.pick(thing)
      if (picked === '') continue
      const done = onLine(picked, number, kind.isPage)
      if (done !== undefined) await done
    }
  }
  try {
    let start = Buffer.alloc(0)
    for await (const part of await openList(file)) {
      if (decoder !== null) {
        await take(decoder.decode(part, { stream: true }))
        continue
      }
      start = Buffer.concat([start, part])
      if (start.length < 4) continue
      if (/^d\d+:/.test(start.toString('latin1', 0, 20))) {
        throw new UsageError(
          `${quoted(name)} is a .torrent file, not a list; give it without --file`
        )
      }
      decoder = decoderFor(start)
      await take(decoder.decode(start, { stream: true }))
    }
    if (decoder === null) await take(new TextDecoder().decode(start))
    else await take(decoder.decode())
    const last = rest
    rest = ''
    await take(`${last}\n`)
  } catch (error) {
    if (error instanceof UsageError || error.syscall === undefined) throw error
    throw new UsageError(`cannot read ${file === '-' ? name : quoted(name)}: ${readFailure(error)}`)
  }
}

/**
 * Calls `onThing(text, {isArgument, isPage})` for what stands in arguments, in which `-` is standard input, and then for each
 * line of the files. A UsageError that it throws for an argument is the end; those of lines are given back:
 * `[{where, text, reasons}]`, `where` being a file and a line.
 */
async function gather(args, files, onThing) {
  const sources = [...args.map((arg) => [arg, arg === '-']), ...files.map((file) => [file, true])]
  if (sources.filter(([source, isList]) => isList && source === '-').length > 1) {
    throw new UsageError('standard input can be read only once')
  }
  const problems = []
  for (const [source, isList] of sources) {
    if (!isList) {
      await onThing(source, { isArgument: true, isPage: false })
      continue
    }
    const name = source === '-' ? 'standard input' : source
    await forEachLine(source, (text, number, isPage) => {
      const note = (error) => {
        if (!(error instanceof UsageError)) throw error
        problems.push({ where: `${name}:${number}`, text, reasons: error.lines })
      }
      try {
        return onThing(text, { isArgument: false, isPage })?.catch(note)
      } catch (error) {
        return note(error)
      }
    })
  }
  return problems
}

module.exports = { gather, openNow, readFailure }
