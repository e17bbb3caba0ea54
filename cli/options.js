// Arguments: options by name and the rest in order, and what the values of options must be. Which options a command has, and
// their help, is in its own folder; help/describe.js has their form.
'use strict'

const fs = require('node:fs')
const net = require('node:net')
const { parseArgs } = require('node:util')
const { parseOptions } = require('./help/describe.js')
const { suggestion } = require('./help/suggest.js')
const { quoted } = require('./output/text.js')
const UsageError = require('./usage-error.js')

const DEFAULT_TIMEOUT_S = 15
// What a timer can hold.
const LONGEST_TIMEOUT_S = 2147483
const FORMATS = ['table', 'json', 'csv', 'openmetrics']

// Lines of help that several commands have, the same in each.
const LISTS = ['--file LIST..., --skip-invalid', 'read a list, - is stdin; leave out bad lines']
const WAY_OUT = ['--local-address A..., --interface NAME, --proxy URL|@FILE', 'the way out']
const FAMILY = ['-4, -6, --family 4|6', 'IPv4 or IPv6 only']
const FORMAT = ['--format FORMAT, --json', 'table, json, csv or openmetrics']
const REDACT = ['--redact, --no-redact', 'hide passkeys (in metrics they are), or do not']
const timeoutLine = (help) => ['-W, --timeout SECONDS', help]
// What is given, in the same words in all commands.
const URL = ['URL', 'udp://host:port/path, host:port, magnet link, .torrent file, or -']
const HASH = ['HASH', 'hex, base32, magnet link, .torrent file, or - for stdin']
const URL_OF_HASH = ['URL', 'udp://host:port/path, host:port (or those that torrents name)']

// Takes the word behind an option that has a value as its value, whatever it begins with: peer IDs begin with a dash,
// and `--num-want -1` is what one writes. parseArgs alone calls both ambiguous.
function joined(args, options) {
  const result = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]
    if (arg === '--') return result.concat(args.slice(i))
    const takesValue = arg.startsWith('--') && options[arg.slice(2)]?.type === 'string'
    if (takesValue && i + 1 < args.length) result.push(`${arg}=${args[++i]}`)
    else result.push(arg)
  }
  return result
}

/** `{values, positionals}` of a command's arguments. */
function parse(args, command) {
  const options = parseOptions(command)
  try {
    return parseArgs({ args: joined(args, options), options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(problemOf(error, Object.keys(options)))
  }
}

// parseArgs tells the option in its text alone.
function problemOf(error, names) {
  const [, option] = /'(?:-\w, )?(--?[^' ]*)/.exec(error.message) || []
  switch (error.code) {
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION': {
      const near = option.startsWith('--')
        ? suggestion(
            option,
            names.map((name) => `--${name}`)
          )
        : ''
      return `unknown option ${quoted(option)}${near}`
    }
    case 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE':
      return /does not take an argument/.test(error.message)
        ? `${option} takes no value`
        : `${option} needs a value`
    default:
      return error.message
  }
}

function wholeNumber(name, text, least, most) {
  const number = /^-?\d+$/.test(text) ? BigInt(text) : null
  if (number === null || number < least || number > most) {
    throw new UsageError(
      `--${name} must be a whole number from ${least} to ${most}, got ${quoted(text)}`
    )
  }
  return number
}

/** A whole number, `undefined` if the option is not given. */
function integer(values, name, least, most) {
  if (values[name] === undefined) return undefined
  return Number(wholeNumber(name, values[name], BigInt(least), BigInt(most)))
}

/** A count of bytes as a BigInt below 2^64, `undefined` if the option is not given. */
function counter(values, name) {
  if (values[name] === undefined) return undefined
  return wholeNumber(name, values[name], 0n, 2n ** 64n - 1n)
}

/** An option in seconds, in milliseconds. */
function seconds(values, name, standard, least = 0.001) {
  if (values[name] === undefined) return standard * 1000
  const number = /^(\d+\.?\d*|\.\d+)$/.test(values[name]) ? Number(values[name]) : NaN
  if (!(number >= least && number <= LONGEST_TIMEOUT_S)) {
    throw new UsageError(
      `--${name} must be seconds from ${least} to ${LONGEST_TIMEOUT_S}, got ${quoted(values[name])}`
    )
  }
  return Math.round(number * 1000)
}

// 0, 4, 6, or `both` if that is one of `families`.
function familyOf(values, families) {
  const words = [oneOf(values, 'family', families), values[4] && '4', values[6] && '6']
  const [word = '0', other] = [...new Set(words.filter(Boolean))]
  if (other !== undefined) throw new UsageError(`IPv${word} and IPv${other} exclude each other`)
  return word === 'both' ? word : Number(word)
}

/**
 * How requests travel: `{family, timeout, transport}`, 0 or 4 or 6 (or `both`, if that is one of `families`), milliseconds,
 * and what the package takes as `transport`, if anything.
 */
function network(values, env, { timeout = DEFAULT_TIMEOUT_S, families = ['4', '6'] } = {}) {
  const transport = transportOf({ ...values, proxy: proxyOf(values, env) })
  let family = familyOf(values, families)
  const local = (transport?.localAddress ?? []).map((one) => net.isIP(one))
  if (family === 0 && local.length === 1) [family] = local
  if ((family === 4 || family === 6) && local.length > 0 && !local.includes(family)) {
    throw new UsageError(`--family ${family} needs an IPv${family} --local-address`)
  }
  return { family, timeout: seconds(values, 'timeout', timeout), transport }
}

// A password belongs into the environment or a file, where other users of the machine do not see it. What curl takes from
// ALL_PROXY is meant for us where it is SOCKS; a kind of SOCKS that has no UDP must not be passed by in silence.
function proxyOf({ proxy }, env) {
  if (proxy === undefined) {
    const wanted = env.ALL_PROXY || env.all_proxy || ''
    return /^socks/i.test(wanted) ? wanted : undefined
  }
  if (!proxy.startsWith('@')) return proxy
  const file = proxy.slice(1)
  try {
    return fs.readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new UsageError(`cannot read the proxy's URL from ${quoted(file)}: ${error.code}`)
  }
}

const TRANSPORT = { localAddress: 'local-address', interface: 'interface', proxy: 'proxy' }

// The package's own check, in the words of the command line. Its texts never repeat a proxy's URL, which has a password.
function transportOf(values) {
  const given = Object.entries(TRANSPORT).filter(([, name]) => values[name] !== undefined)
  if (given.length === 0) return undefined
  const transport = Object.fromEntries(given.map(([option, name]) => [option, values[name]]))
  const nameOf = (option, part) => `--${TRANSPORT[option]}${part ? ` ${part}` : ''}`
  try {
    require('../lib/options/transport.js').transportOf(transport, nameOf)
  } catch (error) {
    // What has no code is a fault of ours.
    if (error.code === undefined) throw error
    throw new UsageError(error.message)
  }
  return transport
}

function ipv4(values, name) {
  if (values[name] !== undefined && !net.isIPv4(values[name])) {
    throw new UsageError(`--${name} must be an IPv4 address, got ${quoted(values[name])}`)
  }
  return values[name]
}

function oneOf(values, name, words) {
  const value = values[name]
  if (value !== undefined && !words.includes(value)) {
    const choice = words.length === 2 ? words.join(' or ') : `one of ${words.join(', ')}`
    throw new UsageError(`--${name} must be ${choice}, got ${quoted(value)}`)
  }
  return value
}

/** `table`, `json`, `csv` or `openmetrics`. */
function format(values) {
  const wanted = oneOf(values, 'format', FORMATS)
  if (values.json && wanted !== undefined && wanted !== 'json') {
    throw new UsageError(`--json and --format ${wanted} exclude each other`)
  }
  return values.json ? 'json' : (wanted ?? 'table')
}

/** Whether passkeys are to be hidden: in metrics they are unless one says otherwise. */
function isRedacted(values) {
  if (values.redact && values['no-redact']) {
    throw new UsageError('--redact and --no-redact exclude each other')
  }
  return values.redact ?? (!values['no-redact'] && format(values) === 'openmetrics')
}

module.exports = {
  FAMILY,
  FORMAT,
  FORMATS,
  HASH,
  LISTS,
  REDACT,
  URL,
  URL_OF_HASH,
  WAY_OUT,
  timeoutLine,
  parse,
  integer,
  counter,
  seconds,
  network,
  ipv4,
  oneOf,
  format,
  isRedacted
}
