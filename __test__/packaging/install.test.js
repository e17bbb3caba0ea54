// What is published installs into an empty project without scripts and from the main package's name alone, and the
// README's first examples run there.
'use strict'

const { test, describe, after } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { programOf } = require('../../scripts/runtimes')
const support = require('./support')

const { NAME, COMMONJS, ESM } = support
const SCRIPTS_OF_INSTALLATION = ['preinstall', 'install', 'postinstall', 'prepare']

const published = support.packages({ after })
const manifestOf = (wanted) => published.find(({ manifest }) => manifest.name === wanted).manifest
const hostPackages = (names) => names.filter((name) => name !== NAME)

describe('the main package', () => {
  test('has no dependencies, and a platform package of its own version for each target', () => {
    const { version, dependencies, optionalDependencies } = manifestOf(NAME)
    assert.equal(dependencies, undefined)
    assert.deepEqual(optionalDependencies, {
      [`${NAME}-darwin-arm64`]: version,
      [`${NAME}-darwin-x64`]: version,
      [`${NAME}-linux-arm-gnueabihf`]: version,
      [`${NAME}-linux-arm64-gnu`]: version,
      [`${NAME}-linux-arm64-musl`]: version,
      [`${NAME}-linux-x64-gnu`]: version,
      [`${NAME}-linux-x64-musl`]: version,
      [`${NAME}-win32-arm64-msvc`]: version,
      [`${NAME}-win32-x64-msvc`]: version
    })
  })

  test('has the version of the crate', () => {
    const cargo = fs.readFileSync(path.join(support.ROOT, 'Cargo.toml'), 'utf8')
    assert.equal(manifestOf(NAME).version, /^version = "(.+)"$/m.exec(cargo)[1])
  })
})

describe('each package', () => {
  test('has no script that an installation runs', () => {
    for (const { manifest } of published) {
      const names = Object.keys(manifest.scripts || {})
      const found = names.filter((name) => SCRIPTS_OF_INSTALLATION.includes(name))
      assert.deepEqual(found, [], manifest.name)
    }
  })

  test('has the licence and the engines of the main one', () => {
    const { license, engines } = manifestOf(NAME)
    for (const { manifest } of published) {
      assert.deepEqual([manifest.license, manifest.engines], [license, engines], manifest.name)
    }
  })
})

describe('an empty project', () => {
  test('installs with npm and runs the examples', async (t) => {
    const { folder, npmInstall } = await support.emptyProject(t, published)
    await npmInstall()

    const names = support.installed(folder)
    assert.equal(hostPackages(names).length, 1, names.join())
    for (const example of [COMMONJS, ESM]) {
      const result = await support.runExample(t, folder, example)
      assert.deepEqual(result, support.asItSays(example))
    }
  })

  test('has the command line', async (t) => {
    const { folder, npmInstall } = await support.emptyProject(t, published)
    await npmInstall()
    const args = ['exec', '--offline', '--', NAME, '--version']
    const { stdout, stderr } = await support.succeed('npm', args, { cwd: folder })
    assert.equal(stdout.trim(), manifestOf(NAME).version, stderr)
  })

  test('installs with Bun and runs the examples on it', async (t) => {
    const bun = programOf('bun')
    const { folder, registry, env } = await support.emptyProject(t, published)
    const args = ['add', NAME, '--ignore-scripts', `--registry=${registry.url}`]
    await support.succeed(bun, args, { cwd: folder, env })

    for (const example of [COMMONJS, ESM]) {
      const result = await support.runExample(t, folder, example, [bun])
      assert.deepEqual(result, support.asItSays(example))
    }
  })

  test('runs the examples on Deno with the permissions that the guide names', async (t) => {
    const { folder, npmInstall } = await support.emptyProject(t, published)
    await npmInstall()
    for (const example of [COMMONJS, ESM]) {
      const deno = [programOf('deno'), 'run', '--no-prompt', '--allow-read', '--allow-ffi']
      const result = await support.runExample(t, folder, example, deno)
      assert.deepEqual(result, support.asItSays(example))
    }
  })
})

describe('npm picks the package of the platform', () => {
  const platforms = {
    'linux-x64-gnu': ['--os=linux', '--cpu=x64', '--libc=glibc'],
    'linux-arm-gnueabihf': ['--os=linux', '--cpu=arm'],
    'linux-arm64-gnu': ['--os=linux', '--cpu=arm64', '--libc=glibc'],
    'linux-x64-musl': ['--os=linux', '--cpu=x64', '--libc=musl'],
    'linux-arm64-musl': ['--os=linux', '--cpu=arm64', '--libc=musl'],
    'darwin-x64': ['--os=darwin', '--cpu=x64'],
    'darwin-arm64': ['--os=darwin', '--cpu=arm64'],
    'win32-x64-msvc': ['--os=win32', '--cpu=x64'],
    'win32-arm64-msvc': ['--os=win32', '--cpu=arm64']
  }

  for (const [platform, args] of Object.entries(platforms)) {
    test(`${platform}, and fetches no other`, async (t) => {
      const { folder, registry, npmInstall } = await support.emptyProject(t, published)
      await npmInstall(...args)
      assert.deepEqual(support.installed(folder), [NAME, `${NAME}-${platform}`])
      assert.deepEqual([...registry.asked].sort(), [NAME, `${NAME}-${platform}`])
    })
  }
})
