// scripts/publish.js against a real registry: a release in one go, and what must not go out at all.
'use strict'

const { test, describe, after } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const support = require('../packaging/support.js')
const { startVerdaccio } = require('./registry.js')
const { NAME, copyOf, linesOf, publish, release } = require('./support.js')

const { COMMONJS, ESM } = support
const released = release({ after })
const { names, version } = released
const platforms = names.filter((name) => name !== NAME)
const tag = `v${version}`

const all = (value) => Object.fromEntries(names.map((name) => [name, value]))

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
    const folder = copyOf(t, released)
    const main = path.join(folder, `${NAME}-${version}.tgz`)
    const unpacked = support.temporaryFolder(t, 'unpacked')
    await support.succeed('tar', ['-xzf', main, '-C', unpacked], {})
    const manifestFile = path.join(unpacked, 'package/package.json')
    const manifest = JSON.parse(fs.readFileSync(manifestFile, 'utf8'))
    delete manifest.repository
    fs.writeFileSync(manifestFile, JSON.stringify(manifest))
    await support.succeed('tar', ['-czf', main, '-C', unpacked, 'package'], {})
    const { code, stderr } = await publish({ folder, registry, tag })
    assert.deepEqual([code, registry.puts], [1, []])
    assert.match(stderr, /does not say which repository it comes from\n$/)
  })
})
