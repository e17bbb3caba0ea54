// What a command is given in arguments and lists, URLs, info-hashes, magnet links and .torrent files in any order: trackers
// that are asked, and what they are asked for.
'use strict'

const fs = require('node:fs')
const { gather } = require('./lists.js')
const HashList = require('./hash-list.js')
const { isInfoHash, isMagnet, readInfoHash, splitHashes } = require('./info-hashes.js')
const {
  isEmptyOfUrls,
  isOfPage,
  looksLikeTracker,
  readTracker,
  readUdpTrackers,
  split,
  splitPage
} = require('./tracker-url.js')
const { quoted } = require('../output/text.js')
const UsageError = require('../usage-error.js')

const NEITHER =
  'is neither a tracker URL (udp://host:port) nor an info-hash (40 digits of hex, 32 of base32, a magnet link or a .torrent file)'

const isHashes = (text) => splitHashes(text).every((one) => isInfoHash(one) || isMagnet(one))

// The UDP trackers among what a torrent names; what cannot be used there is nobody's mistake here.
function udpTrackersIn(texts) {
  return texts
    .map((text) => {
      try {
        return readTracker(text)
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        return null
      }
    })
    .filter((tracker) => tracker !== null && tracker.parts !== null)
}

/**
 * Reads what is given: `onTracker(text)` for each URL, `onTorrent(found, text)` for what readInfoHash found. `wanted` are the
 * words for what is neither. `files` permits paths in lists.
 */
async function read({ args, lists, files, wanted }, onTracker, onTorrent) {
  const each = (texts, act) => {
    const wrong = []
    for (const text of texts) {
      try {
        act(text)
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        wrong.push(...error.lines)
      }
    }
    if (wrong.length > 0) throw new UsageError(wrong)
  }
  const torrent = (text, mayBeFile) => {
    const found = readInfoHash(text, { files: mayBeFile })
    return found instanceof Promise
      ? found.then((one) => onTorrent(one, text))
      : void onTorrent(found, text)
  }
  return gather(args, lists, (text, { isArgument, isPage }) => {
    if (isPage || (!isArgument && isOfPage(text))) return void each(splitPage(text), onTracker)
    if (isHashes(text)) return void each(splitHashes(text), (one) => torrent(one, false))
    if (looksLikeTracker(text)) return void each(split(text), onTracker)
    if (!isArgument && isEmptyOfUrls(text)) return undefined
    const isFile = isArgument && !text.includes('\0') && fs.existsSync(text)
    const isPath = isFile || /\.torrent$|[\\/]/i.test(text)
    if (wanted === 'trackers' && !(isArgument && isPath)) return void each(split(text), onTracker)
    if (isArgument && !isPath && !/^[0-9a-z]{20,}$/i.test(text))
      throw new UsageError(`${quoted(text)} ${NEITHER}`)
    return torrent(text, isArgument || files)
  })
}

/** The trackers to check or to ping, each once, with the info-hash of the torrent that names it, if one does. */
async function readTrackers({ values, positionals, note }, what) {
  const lists = values.file || []
  if (positionals.length + lists.length === 0) {
    throw new UsageError(`nothing to ${what}: give URLs, --file LIST, or -`)
  }
  const trackers = new Map()
  const add = (tracker, infoHash = null) => {
    if (!trackers.has(tracker.url)) trackers.set(tracker.url, { ...tracker, infoHash })
  }
  const invalid = await read(
    { args: positionals, lists, files: false, wanted: 'trackers' },
    (text) => add(readTracker(text)),
    ({ infoHashes, from, trackers: named }, text) => {
      const found = udpTrackersIn(named)
      if (found.length === 0) {
        const isBare = from === null
        throw new UsageError(
          `${quoted(text)} ${isBare ? 'is an info-hash, not a tracker' : 'names no UDP tracker'}`
        )
      }
      for (const tracker of found) add(tracker, infoHashes[0])
    }
  )
  const kept = leaveOut(invalid, values, note)
  if (trackers.size + kept.length === 0) throw new UsageError('the list has no tracker')
  return { trackers: [...trackers.values()], invalid: kept }
}

/** What is to be asked where: `{jobs: [{tracker, list}], invalid}`. */
async function readJobs({ values, positionals, note }, what) {
  const lists = values.file || []
  const given = new Map()
  const torrents = []
  const addTracker = (text) => {
    for (const tracker of readUdpTrackers(text)) given.set(tracker.url, tracker)
  }
  if (values.url !== undefined) addTracker(values.url)
  const shared = new HashList()
  const invalid = await read(
    { args: positionals, lists, files: values.files === true, wanted: 'info-hashes' },
    addTracker,
    ({ infoHashes, from, trackers }, text) => {
      // Ten million hashes of a list are not ten million objects.
      for (const infoHash of infoHashes) shared.add(infoHash, from)
      if (trackers.length > 0)
        torrents.push({ infoHashes, from, trackers: udpTrackersIn(trackers), text })
      else if (from !== null) torrents.push({ infoHashes, from, trackers, text })
    }
  )
  const kept = leaveOut(invalid, values, note)
  if (shared.length === 0) {
    if (kept.length > 0) throw new UsageError(linesOf(kept))
    const isNothing = positionals.length + lists.length === 0
    if (isNothing && given.size === 0) throw new UsageError('the URL of a tracker is missing')
    throw new UsageError(
      lists.length > 0 || positionals.includes('-')
        ? 'the list has no info-hash'
        : `nothing to ${what}: give info-hashes, --file LIST, or -`
    )
  }
  if (given.size > 0) {
    return {
      jobs: [...given.values()].map((tracker) => ({ tracker, list: shared })),
      invalid: kept
    }
  }
  return { jobs: jobsOfTorrents(shared, torrents), invalid: kept }
}

// Without a URL each torrent is asked for at the trackers that it names.
function jobsOfTorrents(shared, torrents) {
  const byUrl = new Map()
  let count = 0
  for (const { infoHashes, from, trackers, text } of torrents) {
    if (trackers.length === 0)
      throw new UsageError(`${quoted(text)} names no UDP tracker: give a URL before it`)
    count += infoHashes.length
    for (const tracker of trackers) {
      if (!byUrl.has(tracker.url)) byUrl.set(tracker.url, { tracker, list: new HashList() })
      for (const infoHash of infoHashes) byUrl.get(tracker.url).list.add(infoHash, from)
    }
  }
  if (count < shared.length)
    throw new UsageError('the URL of a tracker is missing: info-hashes name none')
  return [...byUrl.values()]
}

/** Which lines of lists are invalid: with `--skip-invalid` they are told of and left out. */
function leaveOut(invalid, values, note) {
  if (!values['skip-invalid']) return invalid
  if (invalid.length > 0)
    note(UsageError.summed(linesOf(invalid)).map((line) => `left out: ${line}`))
  return []
}

/** A line for each reason, with its place. */
function linesOf(invalid) {
  return invalid.flatMap(({ where, reasons }) => reasons.map((reason) => `${where}: ${reason}`))
}

/** The same as JSON has it. */
function recordOf({ where, text, reasons }) {
  return {
    type: 'invalid',
    place: where,
    text,
    error: { code: 'INVALID', message: reasons.join('; ') }
  }
}

module.exports = { readTrackers, readJobs, linesOf, recordOf }
