// The long form of __test__/life.test.js: `npm run test:life`, or with `-- --times 500`.
'use strict'

const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { options } = require('./arguments.js')

const { times } = options({ times: 50 })
const ROOT = path.resolve(__dirname, '../..')
const { status } = spawnSync(process.execPath, ['--test', '__test__/life.test.js'], {
  cwd: ROOT,
  env: { ...process.env, TIMES: String(times) },
  stdio: 'inherit'
})
process.exitCode = status
