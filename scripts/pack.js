// Makes the tarballs that are published: a package for each platform whose addon is in the checkout's root folder, and the
// main one, which names them all among its optionalDependencies. The checkout's package.json does not: they exist only once
// they are published.
//
//   node scripts/pack.js [--dev] [--out DIR]                 builds this machine's addon and packs it, to try in a project
//                                                            (--dev: quicker to build than to run, for tests)
//   node scripts/pack.js --all --repository OWNER/NAME …     for a release: every platform's addon must be there
//
// The workflow's own repository is the default of --repository. It takes the place of package.json's placeholder; without one
// those fields are left out.
'use strict'

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const man = require('./man.js')
const { noticesFor } = require('./notices.js')
const { PLATFORMS } = require('./platforms/list.js')

const ROOT = path.resolve(__dirname, '..')
const SCOPE = '@bittorrent-udp-tracker'
const NOTICES = 'THIRD-PARTY-NOTICES.txt'
// The core of the portable engine, which the main package has, and the target that it is built for.
const PORTABLE = 'lib/portable/core-bytes.js'
const WASM = 'wasm32-unknown-unknown'
const PLACEHOLDER = 'OWNER/bittorrent-udp-tracker'
const IS_WINDOWS = process.platform === 'win32'

function npm(args, cwd) {
  const options = { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], shell: IS_WINDOWS }
  return execFileSync('npm', args, options)
}

function readJson(file) {
  return JSON.parse(fs.readFileSync(file, 'utf8'))
}

function writeJson(file, value) {
  fs.writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`)
}

const hasPlaceholder = (value) => JSON.stringify(value).includes(PLACEHOLDER)

/** The main package.json with its repository in the place of the placeholder, or without one. */
function withRepository(manifest, repository) {
  if (repository) return JSON.parse(JSON.stringify(manifest).replaceAll(PLACEHOLDER, repository))
  const fields = Object.entries(manifest)
  return Object.fromEntries(fields.filter(([, value]) => !hasPlaceholder(value)))
}

// The files that npm would publish, copied to where they can be changed.
function stage(folder) {
  const [{ files }] = JSON.parse(npm(['pack', '--dry-run', '--json', '--ignore-scripts'], ROOT))
  for (const { path: file } of files) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    fs.copyFileSync(path.join(ROOT, file), path.join(folder, file))
  }
}

/** The package.json of a platform's package. */
function manifestFor({ name, title }, main) {
  const [os, cpu, abi] = name.split('-')
  const libc = { gnu: ['glibc'], gnueabihf: ['glibc'], musl: ['musl'] }[abi]
  const file = `${main.name}.${name}.node`
  const { version, license, engines, repository, homepage, bugs } = main
  return {
    name: `${SCOPE}/${name}`,
    version,
    description: `The addon of ${main.name} for ${title}`,
    license,
    ...(repository && { repository, homepage, bugs }),
    os: [os],
    cpu: [cpu],
    ...(libc && { libc }),
    main: file,
    files: [file, NOTICES],
    engines,
    publishConfig: { access: 'public' }
  }
}

// Fills the folder of a platform's package; false if its addon has not been built. A placeholder is no addon.
function fill(folder, platform, manifest, withPlaceholder) {
  const addon = path.join(ROOT, manifest.main)
  const isBuilt = fs.existsSync(addon)
  if (!isBuilt && !withPlaceholder) return false
  fs.mkdirSync(folder)
  if (isBuilt) fs.copyFileSync(addon, path.join(folder, manifest.main))
  else fs.writeFileSync(path.join(folder, manifest.main), 'not built here\n')
  fs.writeFileSync(path.join(folder, NOTICES), isBuilt ? noticesFor(platform.target) : '')
  fs.copyFileSync(path.join(ROOT, 'LICENSE'), path.join(folder, 'LICENSE'))
  fs.writeFileSync(
    path.join(folder, 'README.md'),
    `# ${manifest.name}\n\n${manifest.description}.\n`
  )
  writeJson(path.join(folder, 'package.json'), manifest)
  return true
}

function pack(folder, out) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', out]
  const [{ filename }] = JSON.parse(npm(args, folder))
  return path.join(out, filename)
}

/**
 * Packs into folder `out`. `all`: an addon that has not been built is an error. `placeholders`: it is an empty file.
 * `repository`: owner and name at github.com, for the packages' pages. Returns the packages in the order in which they are
 * published, the main one last: `{manifest, tarball}`, where `tarball` is null for a platform that has not been built.
 */
function packAll({ out, all = false, placeholders = false, repository = null }) {
  if (all && !repository) throw new Error('a release needs --repository OWNER/NAME')
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bittorrent-udp-tracker-pack-'))
  try {
    fs.mkdirSync(out, { recursive: true })
    const main = path.join(folder, 'main')
    stage(main)
    if (fs.existsSync(path.join(main, PORTABLE))) {
      fs.writeFileSync(path.join(main, NOTICES), noticesFor(WASM))
    } else if (all) {
      throw new Error(`${PORTABLE} is not in ${ROOT}`)
    }
    const manifestFile = path.join(main, 'package.json')
    const manifest = withRepository(readJson(manifestFile), repository)
    manifest.man = [`./${man.writeTo(main)}`]
    manifest.files.push('man', NOTICES)

    const platforms = PLATFORMS.map((platform) => {
      const own = manifestFor(platform, manifest)
      const place = path.join(folder, platform.name)
      const isBuilt = fill(place, platform, own, placeholders)
      if (!isBuilt && all) throw new Error(`${own.main} is not in ${ROOT}`)
      return { manifest: own, tarball: isBuilt ? pack(place, out) : null }
    })
    const { version } = manifest
    const names = platforms.map((platform) => platform.manifest.name)
    manifest.optionalDependencies = Object.fromEntries(names.map((name) => [name, version]))
    writeJson(manifestFile, manifest)
    return [...platforms, { manifest, tarball: pack(main, out) }]
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

function main() {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      dev: { type: 'boolean' },
      all: { type: 'boolean' },
      repository: { type: 'string', default: process.env.GITHUB_REPOSITORY }
    }
  })
  if (!values.all) {
    const script = path.join(ROOT, 'lib/engine/build-addon.js')
    const profile = values.dev ? ['--dev'] : []
    const args = [script, ...profile, '--target-dir', path.join(ROOT, 'target')]
    if (spawnSync(process.execPath, args, { stdio: 'inherit' }).status !== 0) return 1
  }
  const out = path.resolve(values.out || path.join(ROOT, 'target/packages'))
  for (const { tarball } of packAll({ ...values, out })) if (tarball) console.log(tarball)
  return 0
}

module.exports = { NOTICES, hasPlaceholder, packAll }

if (require.main === module) process.exitCode = main()
