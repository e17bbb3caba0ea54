// Trackers as people write them, in arguments and in lists. Whether a URL can be used, and what its host and port are,
// says the engine's own parser: what this program shows is what the package does.
'use strict'

const { quoted } = require('../output/text.js')
const { fit, widthOf } = require('../output/text-width.js')
const UsageError = require('../usage-error.js')

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i
const HOST_AND_PORT = /^(?:\[[0-9a-f:.]+\]|[^\s/:@?#,[\]]+):\d{1,5}(?:[/?]\S*)?$/i
// White space, which for JavaScript includes the byte order mark, and invisible marks from copying.
const AROUND = /^[\s\u200b\u2060]+|[\s\u200b\u2060]+$/g

/** The addon; throws an error with the code ERR_NO_ADDON where there is none. */
const addon = () => require('../../lib/engine/addon.js').load()

/**
 * The trackers in a text: one, or several with white space or commas between them, and perhaps a comment, `# …`, behind.
 * White space and commas separate URLs only where another scheme follows: they may be part of a URL.
 */
function split(text) {
  const things = text.replace(AROUND, '').replace(/(?:^|[\s,]+)#.*$/s, '')
  const hasSchemes = SCHEME.test(things)
  const separator = hasSchemes ? /[\s,]+(?=[a-z][a-z0-9+.-]*:\/\/)|[\s,]+$/i : /[\s,]+/
  return things.split(separator).filter((thing) => thing !== '')
}

/**
 * `{url, scheme, parts, problem}`: `parts` is `{host, port, requestString, family}` if it is a UDP tracker's, `problem`
 * the engine's words if it is one that cannot be used. A text that is not a URL at all is wrong usage.
 */
function readTracker(text) {
  const written = text.replace(AROUND, '')
  const url = !SCHEME.test(written) && HOST_AND_PORT.test(written) ? `udp://${written}` : written
  const [, scheme] = SCHEME.exec(url) || []
  if (scheme === undefined) {
    throw new UsageError(
      `${quoted(text)} is not a tracker URL: expected udp://host:port, with or without a path`
    )
  }
  if (scheme.toLowerCase() !== 'udp')
    return { url, scheme: scheme.toLowerCase(), parts: null, problem: null }
  const parts = addon().parseUrl(url)
  return typeof parts === 'string'
    ? { url, scheme: 'udp', parts: null, problem: parts }
    : { url, scheme: 'udp', parts, problem: null }
}

/** The one UDP tracker that a command is given; anything else is wrong usage. */
function readUdpTracker(text) {
  if (text === undefined) throw new UsageError('the URL of a tracker is missing')
  const texts = split(text)
  if (texts.length > 1)
    throw new UsageError(`${quoted(text)} is ${texts.length} trackers, expected one`)
  const tracker = readTracker(texts[0] ?? text)
  if (tracker.scheme !== 'udp') {
    throw new UsageError(`${quoted(text)} is not a UDP tracker: those begin with udp://`)
  }
  if (tracker.problem !== null) throw new UsageError(tracker.problem)
  return tracker
}

/** Whether a text in an argument can only be meant as a tracker. */
function looksLikeTracker(text) {
  const written = text.replace(AROUND, '')
  return (SCHEME.test(written) && !/^magnet:/i.test(written)) || HOST_AND_PORT.test(written)
}

/** How a tracker is called where room is scarce: without `udp://` and without the path that most have. */
function shortName(url) {
  const [, rest] = /^udp:\/\/(.*)$/is.exec(url) || []
  return rest === undefined ? url : rest.replace(/\/(announce\/?)?$/i, '')
}

/** A short name in `width` columns. Its path goes first, then the end of its host: trackers of one host differ in ports. */
function fitName(name, width) {
  const [, host, port] = /^(.*?)(:\d+)(?:[/?].*)?$/.exec(name) || []
  if (widthOf(name) <= width || port === undefined || width < 2 * port.length) return name
  return `${fit(host, width - port.length)}${port}`
}

module.exports = { split, readTracker, readUdpTracker, looksLikeTracker, shortName, fitName }
