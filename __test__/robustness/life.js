'use strict'

// The long form of __test__/life.test.js: `npm run test:life`, or with `-- --times 500`.

const { spawnSync } = require('child_process')
const path = require('path')
const { options } = require('./arguments')

const { times } = options({ times: 50 })
const ROOT = path.resolve(__dirname, '../..')
const { status } = spawnSync(process.execPath, ['--test', '__test__/life.test.js'], {
  cwd: ROOT,
  env: { ...process.env, TIMES: String(times) },
  stdio: 'inherit'
})
process.exitCode = status
