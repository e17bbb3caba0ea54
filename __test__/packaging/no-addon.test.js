// Where no addon fits and there is no WebAssembly, one error names the platform and the command that builds the addon from source. The command is run
// as the error has it, in what npm installed from the packed tarball.
'use strict'

const { test, after } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const support = require('./support.js')

const { NAME, COMMONJS } = support

const published = support.packages({ after })

// The error of the first announce in a project, and what the promise of another is rejected with.
async function errorOf(folder, env) {
  const script = `
    const UdpTracker = require('${NAME}')
    const peerId = '-XX0100-abcdefghijkl', infoHash = 'ab'.repeat(20), url = 'udp://127.0.0.1:1'
    const rejected = UdpTracker.announce(url, { peerId, infoHash, port: 6881 })
    let thrown
    try { new UdpTracker(peerId, infoHash, url).announce(2) } catch (err) { thrown = err }
    rejected.catch((err) => {
      console.log(JSON.stringify({ ...thrown, thrown: thrown.message, rejected: err.message }))
    })`
  const { stdout } = await support.succeed(process.execPath, ['--jitless', '-e', script], {
    cwd: folder,
    env
  })
  return JSON.parse(stdout)
}

// As this process sees it: the error says the same of the process that it is thrown in.
function expectPlatform(text) {
  assert.ok(text.includes(` ${process.platform} ${process.arch}`), text)
  if (process.platform !== 'linux') return
  const { glibcVersionRuntime } = process.report.getReport().header
  assert.ok(text.includes(glibcVersionRuntime ? `(glibc ${glibcVersionRuntime})` : '(musl)'), text)
}

function buildCommandIn(text) {
  const [, command] = /To build it, with Rust installed: (node .+)$/.exec(text)
  return command
}

test('without the platform package the error has the command that builds the addon', async (t) => {
  const { folder, npmInstall } = await support.emptyProject(t, published)
  await npmInstall('--omit=optional')
  assert.deepEqual(support.installed(folder), [NAME])
  // An application that has Rust of its own: the package must not be taken for a member of its workspace.
  fs.writeFileSync(path.join(folder, 'Cargo.toml'), '[workspace]\nmembers = []\n')

  const { thrown, rejected, code } = await errorOf(folder)
  assert.match(thrown, /^bittorrent-udp-tracker found no addon for /)
  expectPlatform(thrown)
  assert.deepEqual([rejected, code], [thrown, 'ERR_NO_ADDON'])

  // What the checkout has compiled of the dependencies serves here as well, in the profile of its tests.
  const env = { CARGO_TARGET_DIR: path.join(support.ROOT, 'target') }
  await support.succeed(`${buildCommandIn(thrown)} --dev`, [], { cwd: folder, env, shell: true })
  const left = fs.readdirSync(path.join(folder, 'node_modules', NAME))
  assert.ok(!left.includes('target') && !left.includes('node_modules'), left.join())
  const result = await support.runExample(t, folder, COMMONJS)
  assert.deepEqual(result, support.asItSays(COMMONJS))
})

test('an addon that cannot be loaded is an error with the reason and the command', async (t) => {
  const { folder, npmInstall } = await support.emptyProject(t, published)
  await npmInstall('--omit=optional')
  const broken = path.join(folder, 'broken.node')
  fs.writeFileSync(broken, 'no addon at all')

  const { thrown } = await errorOf(folder, { NAPI_RS_NATIVE_LIBRARY_PATH: broken })
  assert.match(thrown, /^bittorrent-udp-tracker cannot load its addon on /)
  expectPlatform(thrown)
  assert.ok(thrown.includes(broken), thrown)
  assert.match(buildCommandIn(thrown), /build-addon\.js/)
})
