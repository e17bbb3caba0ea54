// Loaded into a process: when it ends, says on standard error how many requests went through the engine of this package.
'use strict'

const { stats } = require('../../..')

process.on('exit', () => console.error(`# ${stats().requests} requests through the engine`))
