// The portable engine in tests: whether there is one, whether it is what serves, and what it refuses.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const addon = require('../../lib/engine/addon.js')

/** Whether there is the portable engine, which a clone has only once it is built. */
const isBuilt = fs.existsSync(path.join(__dirname, '../../lib/portable/core-bytes.js'))

/** Whether it serves here, as it does in the tests of `npm run test:portable`. */
const isPortable = addon.load().engine === 'portable'

/** For the options of a test: `why` it is of the addon alone. */
const ofAddon = (why) => ({ skip: isPortable && why })

const PROXIES = ofAddon('proxies are the addon’s')
const WAYS_OUT = ofAddon('interfaces and local addresses are the addon’s')
const LOOK_UPS = ofAddon(
  'libuv looks four names up at a time, and the process waits for them at its exit'
)
const A_THREAD_OF_ITS_OWN = ofAddon('the addon has a thread that reads meanwhile')

module.exports = {
  A_THREAD_OF_ITS_OWN,
  LOOK_UPS,
  PROXIES,
  WAYS_OUT,
  isBuilt,
  isPortable,
  ofAddon
}
