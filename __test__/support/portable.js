// The portable engine in tests: whether there is one, and what it refuses.
'use strict'

const fs = require('node:fs')
const path = require('node:path')

/** Whether there is the portable engine, which a clone has only once it is built. */
const isBuilt = fs.existsSync(path.join(__dirname, '../../lib/portable/core-bytes.js'))

// `npm run test:portable` runs tests so.
const isUsed = /--no-addons/.test(process.env.NODE_OPTIONS)

/** For the options of a test: `why` it is of the addon alone. */
const ofAddon = (why) => ({ skip: isUsed && why })

const PROXIES = ofAddon('proxies are the addon’s')
const CLOSED_PORTS = ofAddon('what does not arrive, the addon alone is told')
const A_THREAD_OF_ITS_OWN = ofAddon('the addon has a thread that reads meanwhile')

module.exports = { A_THREAD_OF_ITS_OWN, CLOSED_PORTS, PROXIES, isBuilt }
