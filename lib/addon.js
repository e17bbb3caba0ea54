'use strict'

// Loads the addon. Where that does not work, one error says what this platform is, and which command builds the addon.

const path = require('path')

const ROOT = path.join(__dirname, '..')
const RUST_VERSION = '1.88'

function load() {
  try {
    return require('../binding.js')
  } catch (error) {
    throw noAddon(error)
  }
}

// The loader tries the files and packages that could fit, one after the other; its error has what each said as a chain
// of causes. One that is not there tells nothing, one that is there and cannot be loaded does.
function noAddon(error) {
  const reasons = []
  for (let cause = error; cause; cause = cause.cause) {
    if (!/^(Cannot find|Unsupported (OS|arch))/.test(cause.message)) reasons.unshift(cause.message)
  }
  const platform = platformName()
  const problem =
    reasons.length > 0
      ? `cannot load its addon on ${platform}: ${reasons.join('; ')}.`
      : `found no addon for ${platform}. Was it installed without optional dependencies?`
  const build = `To build it, with Rust ${RUST_VERSION} or later installed: ${buildCommand()}`
  const failure = new Error(`bittorrent-udp-tracker ${problem} ${build}`)
  return Object.assign(failure, { code: 'ERR_NO_ADDON', cause: error })
}

// Such as "linux x64 (glibc 2.36)".
function platformName() {
  const name = `${process.platform} ${process.arch}`
  if (process.platform !== 'linux') return name
  const { glibcVersionRuntime } = process.report.getReport().header
  return `${name} (${glibcVersionRuntime ? `glibc ${glibcVersionRuntime}` : 'musl'})`
}

// For any folder and any shell. It is the package's script `build` with the tool that a user does not have.
function buildCommand() {
  const { scripts } = require('../package.json')
  return `npx --yes --package=@napi-rs/cli@3 ${scripts.build} --cwd "${ROOT}"`
}

module.exports = { load }
