// scripts/publish.js against a real registry: a release in one go, one that is refused half-way and run again, and what must
// not go out at all.
'use strict'

const { test, describe, after } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const support = require('../packaging/support')
const { startVerdaccio } = require('./registry')
const { NAME, copyOf, publish, release } = require('./support')

const { COMMONJS, ESM } = support
const released = release({ after })
const { names, version } = released
const platforms = names.filter((name) => name !== NAME)
const tag = `v${version}`

/** The lines of a run for each package: `{name: ['published', 'can be fetched']}`. */
function linesOf(stdout) {
  const lines = {}
  for (const [, name, what] of stdout.matchAll(/^(\S+) \S+: (.*)$/gm))
    (lines[name] ??= []).push(what)
  return lines
}

const all = (value) => Object.fromEntries(names.map((name) => [name, value]))

async function versionsIn(registry, name) {
  const response = await fetch(`${registry.url}/${name.replace('/', '%2f')}`)
  return response.ok ? Object.keys((await response.json()).versions) : []
}

test('a release: published, installed, required, imported, run, and published again', async (t) => {
  const registry = await startVerdaccio(t)
  const first = await publish({ ...released, registry, tag })
  assert.deepEqual([first.code, first.stderr], [0, ''])
  assert.deepEqual(linesOf(first.stdout), all(['published', 'can be fetched']))
  assert.deepEqual(registry.puts, [...platforms, NAME])

  const folder = support.temporaryFolder(t, 'project')
  fs.writeFileSync(path.join(folder, 'package.json'), '{"name":"application","private":true}\n')
  const env = { npm_config_cache: support.temporaryFolder(t, 'cache') }
  await support.succeed('npm', ['install', NAME, `--registry=${registry.url}`], {
    cwd: folder,
    env
  })
  assert.equal(support.installed(folder).length, 2)
  for (const example of [COMMONJS, ESM]) {
    assert.deepEqual(await support.runExample(t, folder, example), support.asItSays(example))
  }
  const command = ['exec', '--offline', '--', NAME, '--version']
  const { stdout } = await support.succeed('npm', command, { cwd: folder })
  assert.equal(stdout.trim(), version)

  const second = await publish({ ...released, registry, tag })
  assert.deepEqual([second.code, second.stderr], [0, ''])
  assert.deepEqual(linesOf(second.stdout), all(['was there', 'can be fetched']))
  assert.equal(registry.puts.length, names.length)
})

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

describe('nothing goes out', () => {
  test('under a tag that is not the version', async (t) => {
    const registry = await startVerdaccio(t)
    for (const wrong of ['v0.0.1', version, `${tag}-beta`]) {
      const { code, stderr } = await publish({ ...released, registry, tag: wrong })
      assert.equal(code, 1)
      assert.equal(stderr, `the tag ${wrong} is not that of version ${version}: ${tag}\n`)
    }
    assert.deepEqual(registry.puts, [])
  })

  test('without all nine platforms', async (t) => {
    const registry = await startVerdaccio(t)
    const folder = copyOf(t, released)
    const [some] = fs.readdirSync(folder).filter((file) => /darwin-arm64/.test(file))
    fs.rmSync(path.join(folder, some))
    const { code, stderr } = await publish({ folder, registry, tag })
    assert.deepEqual([code, registry.puts], [1, []])
    assert.match(stderr, /has no @bittorrent-udp-tracker\/darwin-arm64\n$/)
  })

  test('that does not say where it comes from', async (t) => {
    const registry = await startVerdaccio(t)
    const out = support.temporaryFolder(t, 'packed')
    require('../../scripts/pack').packAll({ out, placeholders: true })
    const { code, stderr } = await publish({ folder: out, registry, tag })
    assert.deepEqual([code, registry.puts], [1, []])
    assert.match(stderr, /does not say which repository it comes from\n$/)
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
