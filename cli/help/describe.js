// What a command's options are and what its help says, from one description: parseArgs, `--help`, the man page and the
// completions read it.
//
//   { name, usage: [...], about: [...], things: [[NAME, help]...], lines: [[flags, help]...], examples: [...], exit, run }
//
// `flags` is a line's left side as people read it, `-c, --count N, --quiet`: a letter belongs to the name behind it, a
// digit stands for itself, and a word in capitals or with a | is a value's place. `...` behind it: may be given again.
'use strict'

const PROGRAM = 'bittorrent-udp-tracker'
const LEFT = 22

/** `[{name, short, value, isMultiple}]` of a line's flags. */
function flagsOf(text) {
  const found = []
  let short
  for (const flag of text.split(', ')) {
    const [, dashes, name, value, dots] = /^(--?)([\w-]+)(?: ([^.]+)(\.\.\.)?)?$/.exec(flag)
    if (dashes === '-' && !/\d/.test(name)) {
      short = name
      continue
    }
    found.push({ name, short: dashes === '-' ? name : short, value, isMultiple: Boolean(dots) })
    short = undefined
  }
  return found
}

/** All flags of a command, `-h, --help` among them. */
function allFlags({ lines }) {
  const own = lines.flatMap(([flags]) => flagsOf(flags))
  return [...own, { name: 'help', short: 'h', value: undefined, isMultiple: false }]
}

/** What util.parseArgs takes. */
function parseOptions(command) {
  const options = {}
  for (const { name, short, value, isMultiple } of allFlags(command)) {
    options[name] = { type: value === undefined ? 'boolean' : 'string', multiple: isMultiple }
    if (short !== undefined) options[name].short = short
  }
  return options
}

const plain = (flags) => flags.replaceAll('...', '')

// Two columns; what is too long for the left one pushes the right one away.
const columns = (rows) => rows.map(([left, help]) => `  ${left.padEnd(LEFT)}  ${help}`)

/** The help of a command, which fits one screen: 79 columns, 23 lines. */
function helpOf(command) {
  const { name, usage, about, things, lines, examples } = command
  const uses = usage.map(
    (line, i) => `${i === 0 ? 'Usage:' : '      '} ${PROGRAM} ${name}${line && ` ${line}`}`
  )
  const given = things.map(([thing, help]) => `  ${thing.padEnd(4)}  ${help}`)
  const rows = columns(lines.map(([flags, help]) => [plain(flags), help]))
  const body = [...given, ...rows]
  const example = examples.slice(0, 1).map((line) => `Example: ${line}`)
  return [...uses, ...about, ...(body.length > 0 ? ['', ...body] : []), '', ...example]
}

module.exports = { PROGRAM, allFlags, flagsOf, helpOf, parseOptions, plain }
