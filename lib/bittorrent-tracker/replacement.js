'use strict'

// Recognises bittorrent-tracker's lib/client/udp-tracker.js among the files that a program loads, and gives the module to load
// in its place.

const fs = require('fs')
const path = require('path')
const { pathToFileURL } = require('url')

const FILE = /[\\/]lib[\\/]client[\\/]udp-tracker\.js$/
const OLDEST = 7
const LATEST = 11

/** `{format, source}` to load in place of `file`, or `null` to load the file itself. */
function replacement(file) {
  if (!FILE.test(file)) return null
  const { name, version = '', type } = manifest(path.resolve(file, '../../..'))
  if (name !== 'bittorrent-tracker') return null
  const major = Number.parseInt(version, 10)
  if (!(major >= OLDEST && major <= LATEST)) {
    process.emitWarning(
      `bittorrent-tracker ${version} in ${file} is left as it is: only versions ${OLDEST} to ${LATEST} are supported`,
      { code: 'BITTORRENT_UDP_TRACKER_VERSION' }
    )
    return null
  }
  // Each copy gets a class of its own, because `patch` may set a transport on one of them.
  return type === 'module'
    ? {
        format: 'module',
        source:
          `import { UDPTracker } from ${JSON.stringify(pathToFileURL(path.join(__dirname, 'index.mjs')))}\n` +
          'export default class extends UDPTracker {}\n'
      }
    : {
        format: 'commonjs',
        source:
          `const UDPTracker = require(${JSON.stringify(path.join(__dirname, 'udp-tracker.js'))})\n` +
          'module.exports = class extends UDPTracker {}\n'
      }
}

function manifest(folder) {
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))
  } catch {
    return {}
  }
}

module.exports = replacement
