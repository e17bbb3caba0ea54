// scripts/publish.js against a registry that refuses, fails for a while, or has some of the release already. Each test publishes
// nearly all of it, so that these take minutes.
'use strict'

const { test, describe, after } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const support = require('../packaging/support.js')
const { startVerdaccio } = require('./registry.js')
const { NAME, linesOf, publish, release } = require('./support.js')

const released = release({ after })
const { names, version } = released
const platforms = names.filter((name) => name !== NAME)
const tag = `v${version}`

async function versionsIn(registry, name) {
  const response = await fetch(`${registry.url}/${name.replace('/', '%2f')}`)
  return response.ok ? Object.keys((await response.json()).versions) : []
}

test('a registry that refuses the fifth package: no main package, and the second run completes', async (t) => {
  const registry = await startVerdaccio(t)
  const fifth = platforms[4]
  registry.script = ({ method, name }) => (method === 'PUT' && name === fifth ? 403 : undefined)
  const first = await publish({ ...released, registry, tag })
  assert.equal(first.code, 1)
  assert.match(linesOf(first.stdout)[fifth][0], /403/)
  assert.ok(first.stdout.endsWith(`is not published before ${fifth}: run this again\n`))
  assert.deepEqual(
    registry.puts,
    platforms.filter((name) => name !== fifth)
  )
  assert.deepEqual(await versionsIn(registry, NAME), [])

  registry.script = () => undefined
  const second = await publish({ ...released, registry, tag })
  assert.equal(second.code, 0)
  const lines = linesOf(second.stdout)
  assert.deepEqual(lines[fifth], ['published', 'can be fetched'])
  assert.deepEqual(lines[platforms[0]], ['was there', 'can be fetched'])
  assert.deepEqual(registry.puts.slice(-2), [fifth, NAME])
})

describe('what may pass is tried again', () => {
  test('a registry that is busy, for publishing and for fetching', async (t) => {
    const registry = await startVerdaccio(t)
    const failures = new Map()
    registry.script = ({ method, name }) => {
      const what = `${method} ${name}`
      if (!name.includes('linux-x64-musl') && name !== NAME) return undefined
      failures.set(what, (failures.get(what) ?? 0) + 1)
      return failures.get(what) <= 2 ? 503 : undefined
    }
    const { code, stdout } = await publish({ ...released, registry, tag })
    assert.equal(code, 0, stdout)
    assert.match(stdout, /503.*; again in 0\.0/)
  })

  test('an answer that is lost after the registry has taken the package', async (t) => {
    const registry = await startVerdaccio(t)
    const [first] = platforms
    const { puts } = registry
    registry.script = ({ method, name }) => {
      return method === 'PUT' && name === first && !puts.includes(first) ? 'lost' : undefined
    }
    const { code, stdout } = await publish({ ...released, registry, tag })
    assert.equal(code, 0, stdout)
    assert.equal(puts.filter((name) => name === first).length, 1)
    assert.deepEqual(linesOf(stdout)[first], ['published', 'can be fetched'])
  })
})

test('a version published half yesterday, with other bytes: the main package stays away', async (t) => {
  const registry = await startVerdaccio(t)
  const [first] = platforms
  // Yesterday's build of the first platform, of the same version.
  const folder = support.temporaryFolder(t, 'yesterday')
  const manifest = { name: first, version, license: 'MIT' }
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest))
  const env = { npm_config_userconfig: registry.npmrc }
  const args = ['publish', '--access', 'public', `--registry=${registry.url}/`]
  await support.succeed('npm', args, { cwd: folder, env })

  const { code, stdout } = await publish({ ...released, registry, tag })
  assert.equal(code, 1)
  const lines = linesOf(stdout)
  assert.deepEqual(lines[first], [`${first} ${version} is published with another content`])
  assert.deepEqual(lines[platforms[1]], ['published', 'can be fetched'])
  assert.deepEqual(await versionsIn(registry, NAME), [])
})
