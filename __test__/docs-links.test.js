// Every link of the documentation leads somewhere, in a checkout and in the published package, and every command that a page
// names is there.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('./support/child.js')
const { anchorsOf, codeBlocks, linksOf } = require('./support/markdown.js')
const { PAGES, readPage } = require('./support/pages.js')
const { needs } = require('./support/needs.js')

const README_LINES = 250
const ALL = [...PAGES, 'CONTRIBUTING.md', 'compat/README.md']

const { scripts } = require('../package.json')

function isThere(page, link) {
  const [file, anchor] = link.split('#')
  const target = file === '' ? page : path.posix.join(path.posix.dirname(page), file)
  if (!fs.existsSync(path.join(ROOT, target))) return false
  return anchor === undefined || anchorsOf(readPage(target)).includes(anchor)
}

for (const page of ALL) {
  describe(page, () => {
    const links = linksOf(readPage(page)).filter((link) => !/^https?:/.test(link))
    for (const link of new Set(links)) {
      test(`${link} is there`, () => assert.ok(isThere(page, link)))
    }

    const names = [...readPage(page).matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name)
    for (const name of new Set(names)) {
      test(`npm run ${name} is a script`, () => assert.ok(name in scripts))
    }

    const commands = codeBlocks(readPage(page)).flatMap(({ language, text }) =>
      language === 'sh'
        ? [...text.matchAll(/^(?:bash|node) (?!node_modules)([.\w/-]+\/[\w.-]+)/gm)]
        : []
    )
    for (const [, file] of commands) {
      test(`${file} is there`, () => assert.ok(fs.existsSync(path.join(ROOT, file))))
    }
  })
}

test('links are found', () => {
  const links = ALL.flatMap((page) => linksOf(readPage(page)))
  assert.ok(links.length > 100, String(links.length))
})

test('each page of docs/ can be found from the README', () => {
  const links = linksOf(readPage('README.md'))
  for (const page of PAGES) if (page !== 'README.md') assert.ok(links.includes(page), page)
})

const options = { cwd: ROOT, encoding: 'utf8', shell: process.platform === 'win32' }
const noNpm = spawnSync('npm', ['--version'], options).status === 0 ? false : 'npm is needed'

test('what a published page links is published', { skip: noNpm }, () => {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const [{ files }] = JSON.parse(execFileSync('npm', args, options))
  const published = new Set(files.map(({ path: file }) => file))
  for (const page of PAGES) {
    assert.ok(published.has(page), page)
    for (const link of linksOf(readPage(page))) {
      const [file] = link.split('#')
      if (file === '' || /^https?:/.test(link)) continue
      const target = path.posix.join(path.posix.dirname(page), file, '.').replace(/\/$/, '')
      const isIn = [...published].some((name) => name === target || name.startsWith(`${target}/`))
      assert.ok(isIn, `${page}: ${link}`)
    }
  }
})

describe('CONTRIBUTING.md', () => {
  const text = readPage('CONTRIBUTING.md')
  const [, tree] = /^## The tree\n\n```text\n([^]*?)^```/m.exec(text)
  const [, changes] = /^## Where to change what\n([^]*?)^## /m.exec(text)
  const inTree = tree
    .split('\n')
    .flatMap((line) => /^(\S+(?: index\.\S+)*) /.exec(line)?.[1].split(' ') ?? [])

  test('has each folder in its tree, and no other', { skip: needs('git') }, () => {
    const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n')
    const folders = tracked
      .filter((file) => file.includes('/'))
      .map((file) => `${file.split('/')[0]}/`)
    const ofTools = ['.github/', '.cargo/']
    for (const folder of new Set(folders)) {
      const isNamed = inTree.some((name) => name === folder || name.startsWith(folder))
      assert.ok(isNamed || ofTools.includes(folder), `${folder} is not in the tree`)
    }
    for (const name of inTree) assert.ok(fs.existsSync(path.join(ROOT, name)), name)
  })

  test('names files that are there', () => {
    const files = [...changes.matchAll(/`([\w.-]+\/[\w./-]+)`/g)].map(([, file]) => file)
    assert.ok(files.length > 40, String(files.length))
    for (const file of files) {
      const isPattern = file.includes('NAME')
      assert.ok(isPattern || fs.existsSync(path.join(ROOT, file)), file)
    }
  })
})

test('the README is short', () => {
  const lines = readPage('README.md').split('\n').length
  assert.ok(lines <= README_LINES, String(lines))
})
