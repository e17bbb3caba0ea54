// Arguments: options by name and the rest in order, and what the values of options must be. Which options a command has, and
// their help, is in its own file.
'use strict'

const net = require('node:net')
const { parseArgs } = require('node:util')
const { quoted } = require('./output/text.js')
const UsageError = require('./usage-error.js')

const DEFAULT_TIMEOUT_S = 15
// What a timer can hold.
const LONGEST_TIMEOUT_S = 2147483
const FORMATS = ['table', 'json', 'csv', 'openmetrics']

const COMMON = { help: { type: 'boolean', short: 'h' } }

// How requests travel; `network` reads them. What a request may go by belongs here, for all commands at once. `check` and
// `ping` have sockets of their own (connect.js), which honour it too, or refuse it: OWN_SOCKETS is what they take.
const OWN_SOCKETS = {
  family: { type: 'string' },
  timeout: { type: 'string' },
  'local-address': { type: 'string', multiple: true }
}
const ENGINE_ONLY = { interface: { type: 'string' }, proxy: { type: 'string' } }
const NETWORK = { ...OWN_SOCKETS, ...ENGINE_ONLY }
// Their lines in the help of commands; family and timeout mean something else in each.
const LOCAL_ADDRESS_HELP = `  --local-address A    send from this address of this machine, look-ups too;
                       twice for one of each family`
const OWN_SOCKETS_HELP = `${LOCAL_ADDRESS_HELP}: others are not asked`
const NETWORK_HELP = `${LOCAL_ADDRESS_HELP}
  --interface NAME     send through this network interface, look-ups too
  --proxy URL          send through a SOCKS5 proxy: socks5h://host:port, with
                       user:password@ before the host if it wants one;
                       with socks5:// names are looked up here`
const LISTS = { file: { type: 'string', multiple: true }, 'skip-invalid': { type: 'boolean' } }
const OUTPUT = { format: { type: 'string' }, json: { type: 'boolean' } }

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

/** `{values, positionals}` of a command's arguments. `options` is what util.parseArgs takes. */
function parse(args, options) {
  const all = { ...options, ...COMMON }
  try {
    return parseArgs({
      args: joined(args, all),
      options: all,
      allowPositionals: true,
      strict: true
    })
  } catch (error) {
    throw new UsageError(problemOf(error))
  }
}

/** The same of a command with sockets of its own. */
function parseOwnSockets(args, options) {
  const parsed = parse(args, { ...options, ...ENGINE_ONLY })
  if (parsed.values.help) return parsed
  for (const name of Object.keys(ENGINE_ONLY)) {
    if (parsed.values[name] === undefined) continue
    throw new UsageError(
      `--${name} is for announce and scrape: the connects of this command cannot go that way`
    )
  }
  return parsed
}

function problemOf(error) {
  const [, option] = /'(?:-\w, )?(--?[^' ]*)/.exec(error.message) || []
  switch (error.code) {
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION':
      return `unknown option ${quoted(option)}`
    case 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE':
      return /does not take an argument/.test(error.message)
        ? `${option} takes no value`
        : `${option} needs a value behind it`
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

/**
 * How requests travel: `{family, timeout, transport}`, 0 or 4 or 6 (or `both`, if that is one of `families`), milliseconds,
 * and what the package takes as `transport`, if anything.
 */
function network(values, { timeout = DEFAULT_TIMEOUT_S, families = ['4', '6'] } = {}) {
  const word = oneOf(values, 'family', families) ?? '0'
  const family = word === 'both' ? word : Number(word)
  const transport = transportOf(values)
  const local = transport?.localAddress ?? []
  const isMissing = local.length > 0 && !local.some((one) => net.isIP(one) === family)
  if ((family === 4 || family === 6) && isMissing) {
    throw new UsageError(`--family ${family} needs an IPv${family} --local-address`)
  }
  return {
    family,
    timeout: seconds(values, 'timeout', timeout),
    transport
  }
}

const TRANSPORT = { localAddress: 'local-address', interface: 'interface', proxy: 'proxy' }

// The package's own check, in the words of the command line. Its texts never repeat a proxy's URL, which has a password.
function transportOf(values) {
  const given = Object.entries(TRANSPORT).filter(([, name]) => values[name] !== undefined)
  if (given.length === 0) return undefined
  const transport = Object.fromEntries(given.map(([option, name]) => [option, values[name]]))
  try {
    require('../lib/options/transport.js').transportOf(transport)
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof RangeError)) throw error
    const named = (_, option, part) => `--${TRANSPORT[option]}${part ? ` ${part}` : ''}`
    throw new UsageError(error.message.replace(/\btransport\.(\w+)(?:\.(\w+))?/g, named))
  }
  return transport
}

/** The family that may be asked from these local addresses: theirs, if they are of one. */
function familyFrom(localAddresses, family) {
  return family === 0 && localAddresses.length === 1 ? net.isIP(localAddresses[0]) : family
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

module.exports = {
  NETWORK,
  NETWORK_HELP,
  OWN_SOCKETS,
  OWN_SOCKETS_HELP,
  LISTS,
  OUTPUT,
  parse,
  parseOwnSockets,
  integer,
  counter,
  seconds,
  network,
  familyFrom,
  ipv4,
  oneOf,
  format
}
