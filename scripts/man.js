// Makes the man page of the command line out of what `--help` is made of. scripts/pack.js puts it into the package.
//
//   node scripts/man.js [FILE]     without a file: to standard output
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { COMMANDS, NAMES } = require('../cli/commands.js')
const { ABOUT } = require('../cli/exit-codes.js')
const { PROGRAM, plain } = require('../cli/help/describe.js')
const { version } = require('../package.json')

const FILE = `man/${PROGRAM}.1`

const ENVIRONMENT = [
  ['ALL_PROXY', 'the proxy, if it begins with socks and --proxy is not given'],
  ['NO_COLOR, FORCE_COLOR', 'no colour, and colour everywhere'],
  ['LC_ALL, LC_CTYPE, LANG', 'a locale without UTF-8, such as C, makes tables ASCII'],
  [`NODE_DEBUG=${PROGRAM}`, 'what is decided and why, on standard error']
]

// Backslashes and hyphens are roff's, and so is a point or a quote at the beginning of a line.
const roff = (text) => text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^[.']/, '\\&$&')
const item = (term, text) => ['.TP', `.B ${roff(term)}`, roff(text)]
const example = (line) => ['.PP', '.nf', '.RS', roff(line), '.RE', '.fi']

function command({ name, usage, about, things, lines, examples }) {
  const flags = [...lines, ['-h, --help', 'what the command takes']]
  return [
    `.SH ${name.toUpperCase()}`,
    ...usage.flatMap((line) => ['.B', roff(`${PROGRAM} ${name} ${line}`.trimEnd()), '.br']),
    '.PP',
    roff(about.filter((line) => line !== '').join(' ')),
    ...things.flatMap(([thing, help]) => item(thing, help)),
    ...flags.flatMap(([flag, help]) => item(plain(flag), help)),
    ...examples.flatMap(example)
  ]
}

/** The page, in roff. */
function page() {
  const lines = [
    `.TH ${PROGRAM.toUpperCase()} 1 "" "${PROGRAM} ${version}"`,
    '.SH NAME',
    `${roff(PROGRAM)} \\- talks to BitTorrent UDP trackers`,
    '.SH SYNOPSIS',
    `.B ${roff(PROGRAM)} COMMAND ...`,
    '.br',
    `.B ${roff(PROGRAM)} URL...`,
    '.SH DESCRIPTION',
    `A URL alone is the same as ${roff('check URL')}. A list, an info\\-hash, a magnet link or a .torrent file is taken by every`,
    'command. What the outputs mean is in the package, in docs/command\\-line.md.',
    ...NAMES.flatMap((name) => command(COMMANDS[name]())),
    '.SH EXIT STATUS',
    ...ABOUT.flatMap(([code, text]) => item(String(code), text)),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, text]) => item(name, text))
  ]
  return `${lines.join('\n')}\n`
}

/** Writes the page into a folder; gives its path within that. */
function writeTo(folder) {
  const file = path.join(folder, FILE)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, page())
  return FILE
}

module.exports = { page, writeTo }

if (require.main === module) {
  const [file] = process.argv.slice(2)
  if (file === undefined) process.stdout.write(page())
  else fs.writeFileSync(file, page())
}
