// What is fetched to build for other platforms and to run them, kept in one folder that git ignores. It comes from the
// registries of Debian, PyPI and npm, through their own programs, which check what they fetch.
'use strict'

const { execFileSync } = require('node:child_process')
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')

const CACHE = path.resolve(__dirname, '../../target/platforms')

/** A folder of the cache. `fill` fills it; one that was not filled to the end is not there. */
function folder(name, fill) {
  const place = path.join(CACHE, name)
  if (!fs.existsSync(place)) {
    const unfinished = `${place}.part`
    fs.rmSync(unfinished, { recursive: true, force: true })
    fs.mkdirSync(unfinished, { recursive: true })
    fill(unfinished)
    fs.renameSync(unfinished, place)
  }
  return place
}

/** Debian packages, unpacked into a folder and not installed. */
function unpackDebian(name, packages) {
  return folder(name, (place) => {
    const archives = path.join(place, 'archives')
    fs.mkdirSync(archives)
    execFileSync('apt-get', ['download', ...packages], { cwd: archives, stdio: 'pipe' })
    for (const file of fs.readdirSync(archives)) {
      execFileSync('dpkg', ['-x', path.join(archives, file), place], { stdio: 'pipe' })
    }
    fs.rmSync(archives, { recursive: true })
  })
}

/** A file of which the checksum is known. */
function fetchFile(url, sha256, file) {
  execFileSync('curl', ['--fail', '--silent', '--show-error', '--output', file, url])
  const found = createHash('sha256').update(fs.readFileSync(file)).digest('hex')
  if (found !== sha256) throw new Error(`${url} has the SHA-256 checksum ${found}`)
}

/** Packages of PyPI in a folder of their own. */
function pipInstall(name, args) {
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps']
  return folder(name, (place) =>
    execFileSync('python3', ['-m', 'pip', 'install', ...options, '--target', place, ...args], {
      stdio: ['ignore', 'inherit', 'inherit']
    })
  )
}

/** The path of a wheel of PyPI that is for another platform than this. */
function pipDownload(requirement, platform) {
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps']
  const wanted = ['--only-binary=:all:', '--platform', platform, requirement]
  const place = folder(`wheel-${requirement}-${platform}`, (unfinished) =>
    execFileSync(
      'python3',
      ['-m', 'pip', 'download', ...options, '--dest', unfinished, ...wanted],
      {
        stdio: ['ignore', 'inherit', 'inherit']
      }
    )
  )
  return path.join(place, fs.readdirSync(place)[0])
}

/** The folder of an npm package that is for another platform than this. */
function unpackNpm(name, version) {
  return folder(`${name}-${version}`, (place) => {
    const args = ['pack', '--json', '--pack-destination', place, `${name}@${version}`]
    const [{ filename }] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8' }))
    const archive = path.join(place, filename)
    execFileSync('tar', ['-xzf', archive, '-C', place, '--strip-components=1'])
    fs.rmSync(archive)
  })
}

module.exports = { CACHE, fetchFile, folder, unpackDebian, pipInstall, pipDownload, unpackNpm }
