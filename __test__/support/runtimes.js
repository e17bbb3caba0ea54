// Other runtimes than Node.js in tests: which one this is, and what it does not have.
'use strict'

const isBun = process.versions.bun !== undefined
const isDeno = process.versions.deno !== undefined

/** For the options of a test: `why` it is for Node.js alone. */
const ofNode = (why) => ({ skip: (isBun || isDeno) && why })

/** For the options of a test: `why` it is not for Bun. */
const notOnBun = (why) => ({ skip: isBun && why })

/** For the options of a test: `why` it is not for Deno. */
const notOnDeno = (why) => ({ skip: isDeno && why })

const PRELOADS = notOnDeno('its node:child_process drops --require and --import')
const IMPORTS_IN_EVAL = notOnDeno('what its node:child_process evaluates cannot import')

module.exports = { IMPORTS_IN_EVAL, PRELOADS, isBun, isDeno, notOnBun, notOnDeno, ofNode }
