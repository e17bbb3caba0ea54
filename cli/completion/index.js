// `completion`: what the shells need to complete commands, options and their words, made from the commands' descriptions.
'use strict'

const { COMMANDS, NAMES } = require('../commands.js')
const { PROGRAM, allFlags } = require('../help/describe.js')
const UsageError = require('../usage-error.js')

const commands = () => NAMES.map((name) => COMMANDS[name]())
const firstLine = ({ about }) => about.find((line) => line !== '').replace(/[:.]?$/, '')

/** `[{flags: ['-c', '--count'], value, help}]` of a command, a line's help for each of its options. */
function optionsOf(command) {
  const helps = new Map()
  const { flagsOf } = require('../help/describe.js')
  for (const [flags, help] of command.lines)
    for (const { name } of flagsOf(flags)) helps.set(name, help)
  return allFlags(command).map(({ name, short, value }) => {
    const long = name === short ? [] : [`--${name}`]
    const flags = [...(short === undefined ? [] : [`-${short}`]), ...long]
    return { flags, value, help: helps.get(name) ?? 'help' }
  })
}

// The words that a value can be, where it can be only these.
function wordsOf({ flags, value }, command) {
  if (value?.includes('|')) return value.split('|')
  return command.words?.[flags[flags.length - 1].replace(/^-+/, '')] ?? []
}

function bash() {
  const cases = commands().flatMap((command) => {
    const all = optionsOf(command)
    const words = all
      .filter((option) => wordsOf(option, command).length > 0)
      .map(
        (option) =>
          `      ${option.flags.join('|')}) words='${wordsOf(option, command).join(' ')}' ;;`
      )
    const values = all.filter(({ value }) => value !== undefined).flatMap(({ flags }) => flags)
    return [
      `    ${command.name})`,
      `      options='${all.flatMap(({ flags }) => flags).join(' ')}'`,
      `      words='${(command.argumentWords ?? []).join(' ')}'`,
      `      case "$previous" in`,
      ...words,
      `      ${values.join('|') || '""'}) COMPREPLY=($(compgen -f -- "$current")); return ;;`,
      '      esac ;;'
    ]
  })
  return [
    `# bash completion of ${PROGRAM}: ${PROGRAM} completion bash > ~/.local/share/bash-completion/completions/${PROGRAM}`,
    '_bittorrent_udp_tracker() {',
    '  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" options words=',
    '  COMPREPLY=()',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    COMPREPLY=($(compgen -W '${NAMES.join(' ')} help --help --version' -- "$current"))`,
    '    return',
    '  fi',
    '  case "${COMP_WORDS[1]}" in',
    ...cases,
    '  esac',
    '  if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$current")); return; fi',
    '  case "$current" in',
    '    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;',
    '    *) COMPREPLY=($(compgen -f -- "$current")) ;;',
    '  esac',
    '}',
    `complete -o filenames -F _bittorrent_udp_tracker ${PROGRAM}`
  ]
}

const single = (text) => text.replaceAll("'", "'\\''")

function zsh() {
  const specOf = (option, command) => {
    const { flags, value, help } = option
    const about = single(help).replaceAll(/([[\]:])/g, '\\$1')
    const names = flags.length > 1 ? `{${flags.join(',')}}` : flags[0]
    const words = wordsOf(option, command)
    const values = words.length > 0 ? `(${words.join(' ')})` : '_files'
    const arg =
      value === undefined ? '' : `:${value.toLowerCase().replaceAll('|', ' or ')}:${values}`
    return `'*'${names}'[${about}]${arg}'`
  }
  const cases = commands().flatMap((command) => {
    const last = command.argumentWords ? `(${command.argumentWords.join(' ')})` : '_files'
    return [
      `    ${command.name})`,
      '      _arguments -s -S \\',
      ...optionsOf(command).map((option) => `        ${specOf(option, command)} \\`),
      `        '*:argument:${last}' ;;`
    ]
  })
  const names = commands().map((command) => `'${command.name}:${single(firstLine(command))}'`)
  return [
    `#compdef ${PROGRAM}`,
    `# zsh completion of ${PROGRAM}: ${PROGRAM} completion zsh > a folder of $fpath/_${PROGRAM}`,
    `_${PROGRAM}() {`,
    '  if (( CURRENT == 2 )); then',
    `    local -a commands=(${names.join(' ')})`,
    '    _describe command commands',
    '    return',
    '  fi',
    '  local command=$words[2]',
    '  shift words',
    '  (( CURRENT-- ))',
    '  case $command in',
    ...cases,
    '  esac',
    '}',
    `if [ "$funcstack[1]" = "_${PROGRAM}" ]; then _${PROGRAM} "$@"; else compdef _${PROGRAM} ${PROGRAM}; fi`
  ]
}

function fish() {
  const lines = [
    `# fish completion of ${PROGRAM}: ${PROGRAM} completion fish > ~/.config/fish/completions/${PROGRAM}.fish`
  ]
  const text = (words) => `'${words.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  for (const command of commands()) {
    const start = `complete -c ${PROGRAM}`
    lines.push(
      `${start} -f -n __fish_use_subcommand -a ${command.name} -d ${text(firstLine(command))}`
    )
    const here = `-n '__fish_seen_subcommand_from ${command.name}'`
    if (command.argumentWords)
      lines.push(`${start} -f ${here} -a '${command.argumentWords.join(' ')}'`)
    for (const option of optionsOf(command)) {
      const names = option.flags.map((flag) =>
        flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`
      )
      const words = wordsOf(option, command)
      const value =
        option.value === undefined ? '' : words.length > 0 ? ` -x -a '${words.join(' ')}'` : ' -r'
      lines.push(`${start} ${here} ${names.join(' ')}${value} -d ${text(option.help)}`)
    }
  }
  return lines
}

const SHELLS = { bash, zsh, fish }

function run({ positionals: [shell], stdout }) {
  const names = Object.keys(SHELLS)
  if (!names.includes(shell)) throw new UsageError(`completion is for ${names.join(', ')}`)
  return stdout.lines(SHELLS[shell]())
}

module.exports = {
  name: 'completion',
  usage: ['bash|zsh|fish'],
  about: ['', 'Prints what a shell needs to complete commands, options and their words.'],
  things: [],
  lines: [],
  argumentWords: Object.keys(SHELLS),
  examples: ['source <(bittorrent-udp-tracker completion bash)'],
  run
}
