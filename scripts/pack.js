// Makes the tarballs that are published: the main package, and one package for each platform whose addon is in the
// checkout's root folder. The packages of the platforms are generated here, and the main one names them all among its
// optionalDependencies, which the checkout's package.json does not: they exist only once they are published.
//
//   node scripts/pack.js [--out DIR] [--all]
//
// --all: each platform's addon must be there, as for a release.
'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')

const ROOT = path.resolve(__dirname, '..')
const CLI = path.join(ROOT, 'node_modules/@napi-rs/cli/dist/cli.js')
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

// The files that npm would publish, copied to where they can be changed.
function stage(folder) {
  const [{ files }] = JSON.parse(npm(['pack', '--dry-run', '--json', '--ignore-scripts'], ROOT))
  for (const { path: file } of files) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    fs.copyFileSync(path.join(ROOT, file), path.join(folder, file))
  }
}

// npm's provenance wants the repository that the packages were built in. The workflow knows it.
function repository() {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env
  return server && name ? { type: 'git', url: `git+${server}/${name}.git` } : undefined
}

// Folders with a package.json and a README.md for each platform, from the main package.json; returns their paths.
function generatePlatforms(main) {
  const folder = path.join(main, 'npm')
  execFileSync(process.execPath, [CLI, 'create-npm-dirs', '--cwd', main], { stdio: 'pipe' })
  return fs.readdirSync(folder).map((name) => path.join(folder, name))
}

function pack(folder, out) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', out]
  const [{ filename }] = JSON.parse(npm(args, folder))
  return path.join(out, filename)
}

// The folder of a platform, filled; false if its addon has not been built.
function fill(folder, file, withPlaceholder) {
  const addon = path.join(ROOT, file)
  if (fs.existsSync(addon)) fs.copyFileSync(addon, path.join(folder, file))
  else if (withPlaceholder) fs.writeFileSync(path.join(folder, file), '')
  else return false
  fs.copyFileSync(path.join(ROOT, 'LICENSE'), path.join(folder, 'LICENSE'))
  return true
}

/**
 * Packs into folder `out`. `all`: an addon that has not been built is an error. `placeholders`: it is an empty file.
 * Returns {manifest, tarball} of the main package, the tarballs of the platforms by package name, and the manifest of
 * each platform, packed or not.
 */
function packAll({ out, all = false, placeholders = false }) {
  const main = fs.mkdtempSync(path.join(os.tmpdir(), 'bittorrent-udp-tracker-pack-'))
  try {
    fs.mkdirSync(out, { recursive: true })
    stage(main)
    const manifestFile = path.join(main, 'package.json')
    const manifest = { ...readJson(manifestFile), repository: repository() }
    writeJson(manifestFile, manifest)

    const platforms = {}
    const tarballs = {}
    for (const folder of generatePlatforms(main)) {
      const platform = readJson(path.join(folder, 'package.json'))
      platforms[platform.name] = platform
      if (fill(folder, platform.main, placeholders)) tarballs[platform.name] = pack(folder, out)
      else if (all) throw new Error(`${platform.main} is not in ${ROOT}`)
    }

    const names = Object.keys(platforms)
    if (names.length !== manifest.napi.targets.length) {
      throw new Error(`${names.length} packages for ${manifest.napi.targets.length} targets`)
    }
    manifest.optionalDependencies = Object.fromEntries(
      names.map((name) => [name, manifest.version])
    )
    writeJson(manifestFile, manifest)
    return { main: { manifest, tarball: pack(main, out) }, tarballs, platforms }
  } finally {
    fs.rmSync(main, { recursive: true })
  }
}

module.exports = { packAll }

if (require.main === module) {
  const { values } = parseArgs({ options: { out: { type: 'string' }, all: { type: 'boolean' } } })
  const out = path.resolve(values.out || path.join(ROOT, 'target/packages'))
  const { main, tarballs } = packAll({ out, all: values.all })
  for (const file of [...Object.values(tarballs), main.tarball]) console.log(file)
}
