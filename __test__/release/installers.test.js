// What is published installs with each package manager into an empty project, and works there: required, imported, and as a
// command.
'use strict'

const { test, before, after } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { programOf } = require('../../scripts/runtimes.js')
const support = require('../packaging/support.js')
const { startVerdaccio } = require('./registry.js')
const { NAME, publish, release } = require('./support.js')

const { COMMONJS, ESM } = support
const within = (file) => path.join(__dirname, 'node_modules', file)
const node = (file) => [process.execPath, within(file)]

// How each adds a package, and runs the command of one: {install, command, runtime, settings}.
const MANAGERS = {
  npm: {
    install: ['npm', 'install', NAME, '--ignore-scripts'],
    command: ['npm', 'exec', '--offline', '--', NAME]
  },
  pnpm: {
    install: [...node('pnpm/bin/pnpm.cjs'), 'add', NAME],
    command: [...node('pnpm/bin/pnpm.cjs'), 'exec', NAME]
  },
  'yarn 1': {
    install: [...node('yarn/bin/yarn.js'), 'add', NAME],
    command: [...node('yarn/bin/yarn.js'), '--silent', 'run', NAME]
  },
  'yarn 4, with Plug and Play': {
    install: [...node('@yarnpkg/cli-dist/bin/yarn.js'), 'add', NAME],
    command: [...node('@yarnpkg/cli-dist/bin/yarn.js'), 'run', NAME],
    runtime: [...node('@yarnpkg/cli-dist/bin/yarn.js'), 'node']
  },
  bun: {
    install: [programOf('bun'), 'add', NAME],
    command: [programOf('bun'), 'x', NAME]
  }
}

let registry
const endings = []
const released = release({ after })

before(async () => {
  registry = await startVerdaccio({ after: (ending) => endings.push(ending) })
  const tag = `v${released.version}`
  const { code, stdout } = await publish({ ...released, registry, tag })
  assert.equal(code, 0, stdout)
})

after(async () => {
  for (const ending of endings.reverse()) await ending()
})

function project(t) {
  const folder = support.temporaryFolder(t, 'project')
  fs.writeFileSync(path.join(folder, 'package.json'), '{"name":"application","private":true}\n')
  fs.writeFileSync(path.join(folder, '.npmrc'), `registry=${registry.url}/\n`)
  fs.writeFileSync(path.join(folder, 'yarn.lock'), '')
  const yarn = `npmRegistryServer: ${registry.url}\nunsafeHttpWhitelist: [127.0.0.1]\n`
  fs.writeFileSync(
    path.join(folder, '.yarnrc.yml'),
    `${yarn}enableTelemetry: false\npnpEnableEsmLoader: true\n`
  )
  const cache = support.temporaryFolder(t, 'cache')
  // All of their caches and settings: those of a new user.
  const env = {
    HOME: cache,
    USERPROFILE: cache,
    XDG_DATA_HOME: cache,
    XDG_CACHE_HOME: cache,
    npm_config_cache: cache,
    npm_config_registry: `${registry.url}/`,
    YARN_REGISTRY: registry.url,
    YARN_CACHE_FOLDER: cache,
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    BUN_INSTALL_CACHE_DIR: cache
  }
  return { folder, env }
}

for (const [name, { install, command, runtime = [process.execPath] }] of Object.entries(MANAGERS)) {
  test(`${name} installs it, and it is required, imported and run`, async (t) => {
    const { folder, env } = project(t)
    const options = { cwd: folder, env }
    await support.succeed(install[0], install.slice(1), options)
    for (const example of [COMMONJS, ESM]) {
      const result = await support.runExample(t, folder, example, runtime, env)
      assert.deepEqual(result, support.asItSays(example))
    }
    const args = [...command.slice(1), '--version']
    const { stdout } = await support.succeed(command[0], args, options)
    assert.match(stdout, new RegExp(`^${released.version}$`, 'm'))
  })
}
