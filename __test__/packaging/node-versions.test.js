// `npm install` on each version of Node.js that the README names, with the npm that came with it: nothing to warn of.
'use strict'

const { test, describe, after } = require('node:test')
const assert = require('node:assert/strict')
const path = require('node:path')
const { NODES, npmOf } = require('../../scripts/runtimes.js')
const support = require('./support.js')

const published = support.packages({ after })

/** What npm says on standard error while it installs `packages`, and what is there then. */
async function install(t, key, packages) {
  const { folder, registry, env } = await support.emptyProject(t, packages)
  const [node, npm] = npmOf(key)
  const args = ['install', support.NAME, '--ignore-scripts', '--no-update-notifier']
  // Neither the user's settings nor npm's own next version are about the package.
  const ownEnv = { ...env, npm_config_userconfig: path.join(folder, 'npmrc') }
  const { stderr } = await support.succeed(node, [npm, ...args, `--registry=${registry.url}`], {
    cwd: folder,
    env: ownEnv
  })
  return { stderr, packages: support.installed(folder) }
}

describe('npm install prints no warning', () => {
  for (const key of NODES) {
    test(`on ${key}`, async (t) => {
      const { stderr, packages } = await install(t, key, published)
      assert.equal(stderr, '')
      assert.equal(packages.length, 2, packages.join())
    })
  }

  test('but does for engines that exclude the version', async (t) => {
    const engines = { node: '>=99' }
    const excluding = published.map(({ manifest, tarball }) => {
      return { manifest: { ...manifest, engines }, tarball }
    })
    const [oldest] = NODES
    const { stderr } = await install(t, oldest, excluding)
    assert.match(stderr, /EBADENGINE/)
  })
})
