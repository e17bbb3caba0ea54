'use strict'

// Arguments: options by name and the rest in order, and what the values of options must be.

const net = require('node:net')
const { parseArgs } = require('node:util')
const { quoted } = require('./text.js')
const UsageError = require('./usage-error.js')

const DEFAULT_TIMEOUT_S = 15
// What a timer can hold.
const LONGEST_TIMEOUT_S = 2147483

const COMMON = { help: { type: 'boolean', short: 'h' } }

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
  } catch (err) {
    throw new UsageError(problemOf(err))
  }
}

function problemOf(err) {
  const [, option] = /'(?:-\w, )?(--?[^' ]*)/.exec(err.message) || []
  switch (err.code) {
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION':
      return `unknown option ${quoted(option)}`
    case 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE':
      return /does not take an argument/.test(err.message)
        ? `${option} takes no value`
        : `${option} needs a value behind it`
    default:
      return err.message
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

/** `--timeout` in milliseconds. */
function timeoutMs(values) {
  if (values.timeout === undefined) return DEFAULT_TIMEOUT_S * 1000
  const seconds = /^(\d+\.?\d*|\.\d+)$/.test(values.timeout) ? Number(values.timeout) : NaN
  if (!(seconds >= 0.001 && seconds <= LONGEST_TIMEOUT_S)) {
    throw new UsageError(
      `--timeout must be seconds from 0.001 to ${LONGEST_TIMEOUT_S}, got ${quoted(values.timeout)}`
    )
  }
  return Math.round(seconds * 1000)
}

function family(values) {
  if (values.family === undefined) return 0
  if (values.family !== '4' && values.family !== '6') {
    throw new UsageError(`--family must be 4 or 6, got ${quoted(values.family)}`)
  }
  return Number(values.family)
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
    throw new UsageError(`--${name} must be one of ${words.join(', ')}, got ${quoted(value)}`)
  }
  return value
}

/** The scheme of a URL in lower case; a text that is no URL at all is wrong use. */
function schemeOf(text) {
  const [, scheme] = /^\s*([a-z][a-z0-9+.-]*):\/\//i.exec(text) || []
  if (scheme === undefined) {
    throw new UsageError(
      `${quoted(text)} is no tracker URL: that is udp://host:port, with a path or without`
    )
  }
  return scheme.toLowerCase()
}

/** The URL of a UDP tracker that a command was given; anything else is wrong use. */
function udpUrl(text) {
  if (text === undefined) throw new UsageError('the URL of a tracker is missing')
  if (schemeOf(text) !== 'udp') {
    throw new UsageError(`${quoted(text)} is no UDP tracker: its URL begins with udp://`)
  }
  return text.trim()
}

module.exports = {
  parse,
  integer,
  counter,
  timeoutMs,
  family,
  ipv4,
  oneOf,
  schemeOf,
  udpUrl
}
