// The pages of the documentation, by their path below the checkout.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('./child.js')

const GUIDES = fs
  .readdirSync(path.join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)

/** What users read; all of it is published. */
const PAGES = ['README.md', 'SECURITY.md', 'CHANGELOG.md', ...GUIDES]

const readPage = (page) => fs.readFileSync(path.join(ROOT, page), 'utf8')

module.exports = { PAGES, readPage }
