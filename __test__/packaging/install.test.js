// What is published installs into an empty project without scripts and from the main package's name alone, and the
// README's first examples run there.
'use strict'

const { test, describe, after } = require('node:test')
const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { programOf } = require('../../scripts/runtimes.js')
const { NOTICES, hasPlaceholder, packAll } = require('../../scripts/pack.js')
const { PLATFORMS } = require('../../scripts/platforms/list.js')
const support = require('./support.js')

const { NAME, COMMONJS, ESM } = support
const SCOPE = `@${NAME}`
const SCRIPTS_OF_INSTALLATION = ['preinstall', 'install', 'postinstall', 'prepare']

const published = support.packages({ after })

// npm's tarballs have all in a folder `package`.
function fileIn(tarball, name) {
  const options = { encoding: 'utf8', maxBuffer: 1 << 26 }
  return execFileSync('tar', ['-xzOf', tarball, `package/${name}`], options)
}

function addonSize(tarball) {
  const lines = execFileSync('tar', ['-tvzf', tarball], { encoding: 'utf8' }).split('\n')
  const [addon] = lines.filter((line) => /\.node$/.test(line))
  return addon ? Number(/ (\d+) \d{4}-/.exec(addon)[1]) : 0
}
const manifestOf = (wanted) => published.find(({ manifest }) => manifest.name === wanted).manifest
const hostPackages = (names) => names.filter((name) => name !== NAME)

describe('the main package', () => {
  test('has no dependencies, and a platform package of its own version for each target', () => {
    const { version, dependencies, optionalDependencies } = manifestOf(NAME)
    assert.equal(dependencies, undefined)
    assert.deepEqual(
      optionalDependencies,
      Object.fromEntries(PLATFORMS.map(({ name }) => [`${SCOPE}/${name}`, version]))
    )
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

  test('says where it comes from, or nothing: no placeholder is published', (t) => {
    for (const { manifest } of published) {
      const { repository, homepage, bugs } = manifest
      assert.deepEqual([repository, homepage, bugs], [undefined, undefined, undefined])
    }
    const out = support.temporaryFolder(t, 'packed')
    const released = packAll({ out, placeholders: true, repository: 'someone/some-name' })
    assert.equal(released.length, PLATFORMS.length + 1)
    for (const { manifest } of released) {
      assert.equal(manifest.repository.url, 'git+https://github.com/someone/some-name.git')
      assert.equal(manifest.homepage, 'https://github.com/someone/some-name#readme')
      assert.equal(manifest.bugs, 'https://github.com/someone/some-name/issues')
      assert.ok(!hasPlaceholder(manifest))
    }
    assert.throws(() => packAll({ out, all: true }), /a release needs --repository/)
  })

  test('with an addon in it has the notices of the crates that are in there', () => {
    const built = published.filter(({ tarball }) => addonSize(tarball) > 1000)
    assert.equal(built.length, 1)
    const text = fileIn(built[0].tarball, NOTICES)
    for (const crate of ['tokio', 'napi', 'simple-dns', 'libloading', 'icu_normalizer']) {
      assert.match(text, new RegExp(`^${crate} \\d+\\.\\d+.* \\(.+\\)$`, 'm'))
    }
    assert.doesNotMatch(text, /^proptest /m)
    for (const words of [
      'Permission is hereby granted',
      'UNICODE LICENSE V3',
      'Permission to use, copy, modify, and/or distribute'
    ]) {
      assert.match(text, new RegExp(words, 'i'))
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
    'linux-arm-gnueabihf': ['--os=linux', '--cpu=arm', '--libc=glibc'],
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
      assert.deepEqual(support.installed(folder), [`${SCOPE}/${platform}`, NAME])
      assert.deepEqual([...registry.asked].sort(), [`${SCOPE}/${platform}`, NAME])
    })
  }
})
