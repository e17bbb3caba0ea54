// Whether there is the portable engine, which a clone has only once it is built.
'use strict'

const fs = require('node:fs')
const path = require('node:path')

const isBuilt = fs.existsSync(path.join(__dirname, '../../lib/portable/core-bytes.js'))

module.exports = { isBuilt }
