// Recognises bittorrent-tracker's own files among those that a program loads, and gives the modules to load in their place: of
// lib/client/udp-tracker.js ours, and of client.js its own, which keeps the options `transport` and `family` that ours reads.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { fileURLToPath, pathToFileURL } = require('node:url')
const { debuglog } = require('node:util')

const FILES = [
  {
    pattern: /[\\/]lib[\\/]client[\\/]udp-tracker\.js$/,
    root: '../../..',
    sourceOf: trackerSource
  },
  { pattern: /[\\/]client\.js$/, root: '..', sourceOf: clientSource }
]
const OLDEST = 7
const LATEST = 11

// Where the constructor keeps another option, in each of these versions.
const KEEPS_OPTION = /\b(this|self)\._getAnnounceOpts = opts\.getAnnounceOpts\b/

const debug = debuglog('bittorrent-udp-tracker')
const warned = new Set()

// Not the drive of a Windows path.
const SCHEME = /^[a-z][\w+.-]+:/i

/** The path of a module's file, by its path or URL; `null` if it has none. */
function fileOf(name) {
  if (typeof name !== 'string') return null
  if (name.startsWith('file:')) return fileURLToPath(name)
  return SCHEME.test(name) ? null : name
}

/** `{format, source}` to load in place of the module of this path or URL, or `null` to load the module itself. */
function replacement(name) {
  const file = fileOf(name)
  const found = file === null ? undefined : FILES.find(({ pattern }) => pattern.test(file))
  if (found === undefined) return null
  const folder = path.resolve(file, found.root)
  const { name: owner, version = '', type } = manifest(folder)
  if (owner !== 'bittorrent-tracker') return null
  const major = Number.parseInt(version, 10)
  if (!(major >= OLDEST && major <= LATEST)) {
    warnOnce(
      folder,
      `bittorrent-tracker ${version} in ${folder} is left as it is: only versions ${OLDEST} to ${LATEST} are supported`
    )
    return null
  }
  const format = type === 'module' ? 'module' : 'commonjs'
  const source = found.sourceOf(format, file)
  if (source === null) return null
  debug('bittorrent-tracker %s: %s is replaced', version, file)
  return { format, source }
}

// Each copy gets a class of its own, because `patch` may set a transport on one of them.
function trackerSource(format) {
  return format === 'module'
    ? `import { UDPTracker } from ${JSON.stringify(pathToFileURL(path.join(__dirname, 'index.mjs')))}\n` +
        'export default class extends UDPTracker {}\n'
    : `const UDPTracker = require(${JSON.stringify(path.join(__dirname, 'udp-tracker.js'))})\n` +
        'module.exports = class extends UDPTracker {}\n'
}

function clientSource(format, file) {
  const source = fs.readFileSync(file, 'utf8')
  if (KEEPS_OPTION.test(source))
    return source.replace(
      KEEPS_OPTION,
      '$1._transport = opts.transport; $1._family = opts.family; $&'
    )
  warnOnce(
    file,
    `The options \`transport\` and \`family\` are not seen by ${file}: its constructor is unknown`
  )
  return null
}

/** A warning about a file or folder, the first time. */
function warnOnce(about, message) {
  if (warned.has(about)) return
  warned.add(about)
  process.emitWarning(message, { code: 'BITTORRENT_UDP_TRACKER_VERSION' })
}

function manifest(folder) {
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))
  } catch {
    return {}
  }
}

module.exports = { fileOf, replacement, warnOnce }
