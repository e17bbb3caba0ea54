// The README's commands, as they stand there: those for a project of one's own are run here with what they pack, those for a
// clone by .ci/run.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { codeBlocks } = require('../support/markdown.js')
const { readPage } = require('../support/pages.js')
const support = require('./support.js')

const { NAME, ROOT, COMMONJS, ESM } = support

const [demo, tests, own] = codeBlocks(readPage('README.md'))
  .filter(({ language }) => language === 'sh')
  .map(({ text }) => text.trim())

test('the commands for a clone are those of .ci/run', () => {
  assert.deepEqual([demo, tests], ['npm ci && npm run demo', 'npm test'])
  const script = fs.readFileSync(path.join(ROOT, '.ci/run'), 'utf8')
  for (const command of ['npm ci', 'npm run demo', 'npm test']) {
    assert.match(script, new RegExp(`step ${command}( -- --strict)?$`, 'm'))
  }
})

describe('in a project of your own', () => {
  test('what was packed is installed, required, imported and run', async (t) => {
    const [pack, enter, install] = own.split('\n')
    assert.equal(pack, 'node scripts/pack.js')
    assert.equal(enter, 'cd ../your-project')
    assert.equal(install, `npm install ../${NAME}/target/packages/*.tgz`)

    const out = support.temporaryFolder(t, 'packages')
    // In the profile of the other tests, which is built already.
    const args = ['scripts/pack.js', '--dev', '--out', out]
    const { stdout } = await support.succeed(process.execPath, args, { cwd: ROOT })
    const tarballs = stdout.trim().split('\n')
    assert.equal(tarballs.length, 2)

    // A registry that has none of it, as npm's own.
    const { folder, registry, env } = await support.emptyProject(t, [])
    const installing = ['install', ...tarballs, `--registry=${registry.url}`]
    await support.succeed('npm', installing, { cwd: folder, env })
    assert.equal(support.installed(folder).length, 2)
    for (const example of [COMMONJS, ESM]) {
      assert.deepEqual(await support.runExample(t, folder, example), support.asItSays(example))
    }
    const command = ['exec', '--offline', '--', NAME, 'check', 'https://tracker.example.org']
    const { stdout: checked } = await support.run('npm', command, { cwd: folder })
    assert.match(checked, /not UDP \(https\)/)
  })
})
