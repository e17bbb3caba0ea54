// `register-path`: where `bittorrent-udp-tracker/register` is, for NODE_OPTIONS. By its name it would be looked for from
// the folder in which a program is started, and every program elsewhere would fail.
'use strict'

const path = require('node:path')
const { pathToFileURL } = require('node:url')

const FILE = path.join(__dirname, '../../lib/bittorrent-tracker/register.mjs')

/** Prints the URL, which has no blank in it: NODE_OPTIONS is cut there. */
function run({ stdout }) {
  return stdout.line(pathToFileURL(FILE).href)
}

module.exports = {
  name: 'register-path',
  usage: [''],
  about: [
    '',
    'Prints the URL of the module that makes applications on bittorrent-tracker use',
    'this package, for Node.js programs started from any folder.'
  ],
  things: [],
  lines: [],
  examples: ['NODE_OPTIONS="--import=$(bittorrent-udp-tracker register-path)" app'],
  run
}
