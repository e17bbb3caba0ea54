// Trackers as people write them, in arguments and in lists. Whether a URL can be used, and what its host and port are,
// says the engine's own parser: what this program shows is what the package does.
'use strict'

const { quoted } = require('../output/text.js')
const UsageError = require('../usage-error.js')

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i
const HOST_AND_PORT = /^(?:\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[^\s/:@?#,;|<>[\]]+):\d{1,5}(?:[/?]\S*)?$/i
// White space, which for JavaScript includes the byte order mark, and invisible marks from copying.
const AROUND = /^[\s\u200b\u2060]+|[\s\u200b\u2060]+$/g

// What stands between URLs in other people's lists: white space, commas and the like, quotes and brackets (JSON, YAML),
// HTML's tags, and ends of lines that were written as two characters.
const TAG = String.raw`<(?![a-z][a-z0-9+.-]*:\/\/)[^<>]*>`
const BETWEEN = String.raw`(?:[\s,;|"'\`<>()[\]{}]|${TAG}|\\[nrt]|&(?:quot|lt|gt);)+`
const BEFORE_URL = String.raw`(?=[a-z][a-z0-9+.-]*:\/\/)`
const SEPARATOR = new RegExp(`${BETWEEN}${BEFORE_URL}`, 'gi')
// Two trackers of which the second has no scheme. Behind a question mark it is a value.
const HOST_BEHIND =
  /^([^?]*?)(?:[\s,;|]|\\[nrt])+((?:[a-z0-9-]+\.)+[a-z0-9-]+:\d{1,5}(?:[/?,;|\s].*)?)$/is
const NO_SCHEMES = new RegExp(String.raw`(?:[\s,;|"'<>]|${TAG}|\\[nrt])+`, 'i')
const AT_END = new RegExp(String.raw`(?:[\s,;|"'\`<>{}]|${TAG}|\\[nrt])+$`, 'i')
// What nearly every line of a list is: a URL with nothing in it that could separate it from another one.
const ONE = /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9.:/_-]*$/i
const ANCHOR = /<a\b[^>]*?\bhref\s*=\s*["']?([^"'\s>]+)[^>]*>.*?<\/a>/gi
// A key before URLs: `bt-tracker=` of aria2, `announce: ` of YAML; and the marks of lists.
const KEY = new RegExp(
  String.raw`^[\s{[]*["']?[\w.-]+["']?\s*[=:]\s*(?=["'[\s]*[a-z][a-z0-9+.-]*:\/\/)`,
  'i'
)
const BULLET = /^(?:[-*+•]|\d+[.)])\s+/
// Of a configuration, as aria2's, other settings are no trackers either.
const NO_URL =
  /^(?:[\s,;|"'`[\](){}-]*|["']?[\w.-]+["']?\s*[:=]\s*[[{|>]?|[a-z][\w.-]*=(?!.*:\/\/).*)$/i
// A row of a table in Markdown.
const TABLE_ROW = /^\|.*\|$/

// What no URL has (RFC 3986, 2).
const NOT_IN_URLS = /[<>"^`{|}]/
const UDP_ON_PAGE =
  /\b(?:udp|wss?):\/\/[^\s"'<>`\\]+|\bhttps?:\/\/[^\s"'<>`\\]+\/announce\b[^\s"'<>`\\]*/gi

/** The addon; throws an error with the code ERR_NO_ADDON where there is none. */
const addon = () => require('../../lib/engine/addon.js').load()

/** A text in which nothing is but marks between URLs: a line of JSON or YAML. */
const isEmptyOfUrls = (text) => NO_URL.test(text)

// A bracket at the end belongs to the URL only if it was opened there, as that of an IPv6 address.
function trimmedEnd(thing) {
  for (;;) {
    const shorter = thing.replace(AT_END, '')
    const isOpen = (open, close) =>
      shorter.endsWith(close) && shorter.split(close).length > shorter.split(open).length
    if (isOpen('[', ']') || isOpen('(', ')')) thing = shorter.slice(0, -1)
    else return shorter
  }
}

function splitUrls(text) {
  return text.split(SEPARATOR).flatMap((part) => {
    const thing = trimmedEnd(part.replace(/^["'`<([{]+(?=[a-z])/i, ''))
    const [, first, second] = HOST_BEHIND.exec(thing) || []
    return first !== undefined && SCHEME.test(first) ? [first, ...split(second)] : [thing]
  })
}

/**
 * The trackers in a text: one, or several with something between them, and perhaps a comment, `# …`, behind. What may be
 * part of a URL separates URLs only where another scheme, or a host with a port, follows.
 */
function split(text) {
  if (ONE.test(text)) return [text]
  let things = text.replace(AROUND, '').replace(/(?:^|[\s,]+)#.*$/s, '')
  if (things.includes('\\/')) things = things.replaceAll('\\/', '/')
  if (/<a\b/i.test(things)) things = things.replace(ANCHOR, ' $1 ')
  things = things.replace(BULLET, '').replace(KEY, '')
  const found = /:\/\//.test(things) ? splitUrls(things) : things.split(NO_SCHEMES)
  return found.filter((thing) => thing !== '').map((thing) => thing.replaceAll('&amp;', '&'))
}

/** Whether a line stands between other things on a page, of which only its URLs are of interest. */
const isOfPage = (text) => TABLE_ROW.test(text)

/** The trackers in a line of a page, between whatever else stands there. */
function splitPage(text) {
  return [...text.matchAll(UDP_ON_PAGE)].map(([url]) => trimmedEnd(url).replaceAll('&amp;', '&'))
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
  if (url.includes('://', scheme.length + 3))
    throw new UsageError(`${quoted(text)} has another URL in it`)
  if (NOT_IN_URLS.test(url))
    throw new UsageError(
      `${quoted(text)} is not a tracker URL: ${NOT_IN_URLS.exec(url)[0]} is in none`
    )
  if (scheme.toLowerCase() !== 'udp')
    return { url, scheme: scheme.toLowerCase(), parts: null, problem: null }
  const parts = addon().parseUrl(url)
  return typeof parts === 'string'
    ? { url, scheme: 'udp', parts: null, problem: parts }
    : { url, scheme: 'udp', parts, problem: null }
}

/** The UDP trackers in a text; anything else is wrong usage. */
function readUdpTrackers(text) {
  const texts = split(text)
  return (texts.length === 0 ? [text] : texts).map((one) => {
    const tracker = readTracker(one)
    if (tracker.scheme !== 'udp') {
      throw new UsageError(`${quoted(one)} is not a UDP tracker: those begin with udp://`)
    }
    if (tracker.problem !== null) throw new UsageError(tracker.problem)
    return tracker
  })
}

/** Whether a text can only be meant as a tracker, or as several. */
function looksLikeTracker(text) {
  const [first = ''] = split(text)
  return (
    !/^magnet:/i.test(text.replace(AROUND, '')) && (SCHEME.test(first) || HOST_AND_PORT.test(first))
  )
}

module.exports = {
  isEmptyOfUrls,
  isOfPage,
  split,
  splitPage,
  readTracker,
  readUdpTrackers,
  looksLikeTracker
}
