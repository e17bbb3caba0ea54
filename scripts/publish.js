// Publishes what scripts/pack.js has packed, and can be run again at any time: after a refusal, a lost connection, a run that
// was cancelled. What is published already with the same bytes is left as it is; with other bytes it is an error.
//
//   node scripts/publish.js FOLDER --release v1.2.3 [--registry URL] [--provenance] [--wait MS]
//
// The packages of the platforms go first, each of them even if another is refused. The main package, which depends on them,
// follows only when the registry gives every one of them back. A version with a hyphen gets the dist-tag `next`. --wait: before
// the first repetition of what may pass; it doubles.
'use strict'

const { execFile } = require('node:child_process')
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { parseArgs } = require('node:util')
const { gunzipSync } = require('node:zlib')
const { hasPlaceholder } = require('./pack.js')
const { PLATFORMS } = require('./platforms/list.js')

const ATTEMPTS = 5
const IS_WINDOWS = process.platform === 'win32'

// What npm or fetch says where the next attempt may find it otherwise.
const MAY_PASS =
  /^E(5\d\d|408|409|425|429|CONN|TIMEDOUT|ETIMEDOUT|AI_AGAIN|NOTFOUND|PIPE|SOCKET|RR_SOCKET|INTEGRITY)/

class PublishError extends Error {
  constructor(message, code) {
    super(message)
    this.code = code
  }
}

/** `{name, version, manifest, file, integrity}` of a tarball. */
function packageOf(file) {
  const bytes = fs.readFileSync(file)
  const manifest = JSON.parse(entryOf(gunzipSync(bytes), 'package/package.json'))
  const { name, version } = manifest
  return { name, version, manifest, file, integrity: integrityOf(bytes) }
}

const integrityOf = (bytes) => `sha512-${createHash('sha512').update(bytes).digest('base64')}`

// A tar archive is a row of headers of 512 bytes, each before its content.
function entryOf(tar, wanted) {
  for (let at = 0; at + 512 <= tar.length;) {
    const text = (from, length) => tar.toString('latin1', at + from, at + from + length)
    const name = text(0, 100).replace(/\0.*/, '')
    const size = parseInt(text(124, 12), 8) || 0
    if (name === wanted) return tar.toString('utf8', at + 512, at + 512 + size)
    at += 512 + Math.ceil(size / 512) * 512
  }
  throw new PublishError(`there is no ${wanted}`)
}

/** The packages of a folder, the main one last; throws where they are not what a release is. */
function checked(folder, release) {
  const files = fs.readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  const all = files.map((name) => packageOf(path.join(folder, name)))
  const [main, ...others] = all.filter(({ name }) => !name.startsWith('@'))
  if (!main || others.length > 0)
    throw new PublishError(`${folder} has no main package, or several`)
  const { name, version, manifest } = main
  if (release !== `v${version}`) {
    throw new PublishError(`the tag ${release} is not that of version ${version}: v${version}`)
  }
  const dependencies = manifest.optionalDependencies ?? {}
  const platforms = PLATFORMS.map((platform) => `@${name}/${platform.name}`).map((wanted) => {
    const found = all.find((one) => one.name === wanted)
    if (!found) throw new PublishError(`${folder} has no ${wanted}`)
    if (found.version !== version || dependencies[wanted] !== version) {
      throw new PublishError(`${wanted} is not of version ${version} in both packages`)
    }
    return found
  })
  for (const one of [...platforms, main]) {
    if (!one.manifest.repository || hasPlaceholder(one.manifest)) {
      throw new PublishError(`${one.name} does not say which repository it comes from`)
    }
  }
  return [...platforms, main]
}

/** One registry, asked with npm's own settings and credentials. */
class Registry {
  constructor({ url, provenance, wait, log }) {
    this.url = url.replace(/\/$/, '')
    this.provenance = provenance
    this.wait = wait
    this.log = log
  }

  /** `await attempt()`, again as long as what it throws may pass. */
  async patiently(what, attempt) {
    for (let nth = 1, wait = this.wait; ; nth++, wait *= 2) {
      try {
        return await attempt()
      } catch (error) {
        if (!MAY_PASS.test(error.code ?? '') || nth === ATTEMPTS) throw error
        this.log(`${what}: ${error.message}; again in ${wait / 1000} s`)
        await sleep(wait)
      }
    }
  }

  async fetch(url) {
    const headers = { 'cache-control': 'no-cache' }
    const response = await fetch(url, { headers }).catch(({ cause, message }) => {
      throw new PublishError(`${url}: ${cause?.message ?? message}`, 'ECONN')
    })
    if (response.ok || response.status === 404) return response
    throw new PublishError(`${url}: ${response.status}`, `E${response.status}`)
  }

  /** What the registry has of a version: `{integrity, tarball}`, or null. */
  published({ name, version }) {
    return this.patiently(name, async () => {
      const response = await this.fetch(`${this.url}/${name.replace('/', '%2f')}`)
      if (response.status === 404) return null
      const { versions = {} } = await response.json()
      return versions[version]?.dist ?? null
    })
  }

  /** Whether it is published with these bytes; with others, that is an error. */
  async has(one) {
    const dist = await this.published(one)
    if (dist === null) return false
    if (dist.integrity === one.integrity) return true
    throw new PublishError(`${one.name} ${one.version} is published with another content`)
  }

  /** Downloads it as a package manager would. A registry may take a while to have everywhere what was published. */
  fetched(one) {
    return this.patiently(one.name, async () => {
      const dist = await this.published(one)
      if (dist === null) throw new PublishError('it is not there yet', 'E503')
      const response = await this.fetch(dist.tarball)
      if (response.status === 404) throw new PublishError('its tarball is not there yet', 'E503')
      if (integrityOf(Buffer.from(await response.arrayBuffer())) === one.integrity) return true
      throw new PublishError('its tarball has another content', 'EINTEGRITY')
    })
  }

  async publish(one) {
    if (await this.has(one)) return 'was there'
    const tag = one.version.includes('-') ? 'next' : 'latest'
    const options = ['--access', 'public', '--tag', tag, '--registry', `${this.url}/`, '--json']
    const args = ['publish', one.file, ...options, ...(this.provenance ? ['--provenance'] : [])]
    await this.patiently(one.name, async () => {
      try {
        await npm([...args, '--ignore-scripts', '--fetch-retries', '0'])
      } catch (error) {
        // The answer may have been lost, or somebody else been faster.
        if (await this.has(one)) return
        throw error
      }
    })
    return 'published'
  }
}

// npm says on standard output what is wrong, as JSON, with a code such as E403.
function npm(args) {
  return new Promise((resolve, reject) => {
    execFile('npm', args, { maxBuffer: 1 << 26, shell: IS_WINDOWS }, (failure, stdout, stderr) => {
      if (!failure) return resolve()
      const { code, summary } = errorIn(stdout) ?? {}
      reject(new PublishError(summary || stderr.trim() || failure.message, code))
    })
  })
}

function errorIn(text) {
  try {
    return JSON.parse(text.slice(text.indexOf('{'))).error
  } catch {
    return null
  }
}

/** Publishes; returns whether all of it is there. */
async function publish({ folder, release, log, ...options }) {
  const packages = checked(folder, release)
  const main = packages.pop()
  const registry = new Registry({ ...options, log })
  const refused = []
  const attempt = async (one, action) => {
    try {
      log(`${one.name} ${one.version}: ${await action()}`)
    } catch (error) {
      refused.push(one)
      log(`${one.name} ${one.version}: ${error.message}`)
    }
  }
  for (const one of packages) await attempt(one, () => registry.publish(one))
  for (const one of packages) {
    if (!refused.includes(one)) {
      await attempt(one, async () => (await registry.fetched(one)) && 'can be fetched')
    }
  }
  if (refused.length > 0) {
    const names = refused.map(({ name }) => name).join(', ')
    log(`${main.name} ${main.version} is not published before ${names}: run this again`)
    return false
  }
  await attempt(main, () => registry.publish(main))
  if (refused.length > 0) return false
  await attempt(main, async () => (await registry.fetched(main)) && 'can be fetched')
  return refused.length === 0
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      release: { type: 'string' },
      registry: { type: 'string', default: 'https://registry.npmjs.org' },
      provenance: { type: 'boolean', default: false },
      wait: { type: 'string', default: '2000' }
    }
  })
  const [folder] = positionals
  if (!folder || !values.release) throw new PublishError('needs FOLDER and --release v1.2.3')
  const { release, registry: url, provenance, wait } = values
  const all = { folder, release, url, provenance, wait: Number(wait), log: console.log }
  if (!(await publish(all))) process.exitCode = 1
}

main().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
