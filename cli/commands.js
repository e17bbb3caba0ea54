// The commands. Loaded by those who call them: help for one need not load the others.
'use strict'

const COMMANDS = {
  __proto__: null,
  announce: () => require('./announce/index.js'),
  scrape: () => require('./scrape/index.js'),
  check: () => require('./check/index.js'),
  ping: () => require('./ping/index.js'),
  completion: () => require('./completion/index.js'),
  'register-path': () => require('./register-path/index.js')
}

const NAMES = Object.keys(COMMANDS)
// Those that talk to trackers, and stand in the words about commands.
const TRACKER_COMMANDS = NAMES.slice(0, 4)

module.exports = { COMMANDS, NAMES, TRACKER_COMMANDS }
