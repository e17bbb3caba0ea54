// Puts the figures of results/network.json, which `npm run bench -- --only network` writes, into the README's table,
// between its two marks.
//
//   node bench/readme.js
'use strict'

const fs = require('node:fs')
const path = require('node:path')

const { firstScreen } = require('./lib/overview.js')

const README = path.join(__dirname, '..', 'README.md')
const RESULTS = path.join(__dirname, 'results', 'network.json')
const TABLE = /(<!-- network: .* -->\n\n)[^]*?(\n<!-- network: end -->)/

const { figures } = JSON.parse(fs.readFileSync(RESULTS, 'utf8'))
const readme = fs.readFileSync(README, 'utf8')
if (!TABLE.test(readme)) throw new Error('the README has no marks for the table')
fs.writeFileSync(
  README,
  readme.replace(TABLE, (_, begin, end) => `${begin}${firstScreen(figures)}${end}`)
)
