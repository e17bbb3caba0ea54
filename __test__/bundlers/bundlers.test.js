// What docs/bundlers.md says of each bundler: an application that announces is bundled by the real one, as installed from the
// packed tarballs, and run.
'use strict'

const { test, describe, after } = require('node:test')
const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const vm = require('node:vm')
const { codeBlocks } = require('../support/markdown.js')
const { readPage } = require('../support/pages.js')
const { exampleScript } = require('../support/example-tracker.js')
const { startScriptedTracker } = require('../support/scripted-tracker.js')
const { programOf } = require('../../scripts/runtimes.js')
const support = require('../packaging/support.js')

const [MAJOR, MINOR] = process.versions.node.split('.').map(Number)
const HAS_ASSETS = MAJOR > 20 || (MAJOR === 20 && MINOR >= 12)
const HERE = __dirname
const NAME = 'bittorrent-udp-tracker'

const [{ text: SEA_BLOCK }] = codeBlocks(readPage('docs/bundlers.md')).filter(
  ({ language }) => language === 'js'
)

const ANNOUNCE = `announce(process.argv.at(-1), {
  peerId: '-XX0100-abcdefghijkl',
  infoHash: '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788',
  port: 6881
}).then(
  ({ seeds }) => console.log(seeds + ' seeds'),
  ({ code, message }) => console.log(code, message)
)
`
const SOURCES = {
  'app.js': `const { announce } = require('${NAME}')\n${ANNOUNCE}`,
  'app.mjs': `import { announce } from '${NAME}'\n${ANNOUNCE}`,
  'page.mjs': `import { announce } from '${NAME}'
announce('udp://tracker.example.org', {}).catch(({ code, message }) => say(code, message))`,
  // The page's own code, before the first request.
  'sea.js': `${SEA_BLOCK}const { announce } = require('${NAME}')\n${ANNOUNCE}`
}

const NO_UDP = 'bittorrent-udp-tracker: a browser has no UDP, use a WebSocket tracker (wss:) there'

const published = support.packages({ after })

/** A folder with the application and the package installed. */
async function application(t) {
  const { folder, npmInstall } = await support.emptyProject(t, published)
  await npmInstall()
  for (const [name, text] of Object.entries(SOURCES))
    fs.writeFileSync(path.join(folder, name), text)
  return folder
}

/** What a program prints that is given a tracker's URL. */
async function printed(t, program, args = []) {
  const tracker = await startScriptedTracker(t, exampleScript())
  const cwd = path.dirname(path.resolve(args.at(-1) || program))
  const { stdout, stderr } = await support.run(program, [...args, tracker.url], { cwd })
  assert.equal(stderr, '')
  return stdout
}

const runs = async (t, file) =>
  assert.equal(await printed(t, process.execPath, [file]), '12 seeds\n')

async function saysWhatIsWrong(t, file) {
  // Without WebAssembly, which would do instead.
  const output = await printed(t, process.execPath, ['--no-expose-wasm', file])
  assert.match(output, /^ERR_NO_ADDON .*a bundler put .* in the place of the \.node file/)
}

/** Runs a bundle for browsers, where there is no `process`. */
async function isWithoutUdp(file) {
  const said = new Promise((resolve) => {
    vm.runInNewContext(fs.readFileSync(file, 'utf8'), { say: (...words) => resolve(words) })
  })
  assert.deepEqual(await said, ['ERR_NO_UDP', NO_UDP])
}

function addonOf(folder) {
  const [name] = support.installed(folder).filter((installed) => installed !== NAME)
  const platform = path.join(folder, 'node_modules', name)
  return path.join(platform, require(path.join(platform, 'package.json')).main)
}

describe('esbuild', () => {
  const esbuild = require('esbuild')
  const build = (folder, options) =>
    esbuild.build({
      absWorkingDir: folder,
      entryPoints: ['app.js'],
      bundle: true,
      platform: 'node',
      outfile: 'out/app.js',
      logLevel: 'silent',
      ...options
    })

  test('leaves the package out', async (t) => {
    const folder = await application(t)
    const { warnings } = await build(folder, { external: [NAME] })
    assert.deepEqual(warnings, [])
    await runs(t, path.join(folder, 'out/app.js'))
  })

  test('leaves the package out of an ES module', async (t) => {
    const folder = await application(t)
    const esm = { entryPoints: ['app.mjs'], format: 'esm', outfile: 'out/app.mjs' }
    await build(folder, { external: [NAME], ...esm })
    await runs(t, path.join(folder, 'out/app.mjs'))
  })

  test('bundles it with the loader "copy"', async (t) => {
    const folder = await application(t)
    const { warnings } = await build(folder, { loader: { '.node': 'copy' } })
    assert.deepEqual(warnings, [])
    fs.rmSync(path.join(folder, 'node_modules'), { recursive: true })
    await runs(t, path.join(folder, 'out/app.js'))
  })

  test('bundles it into an ES module that has a require', async (t) => {
    const folder = await application(t)
    const js =
      "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
    const esm = { entryPoints: ['app.mjs'], format: 'esm', outfile: 'out/app.mjs' }
    await build(folder, { loader: { '.node': 'copy' }, ...esm })
    const { stderr } = await support.run(process.execPath, ['out/app.mjs'], { cwd: folder })
    assert.match(stderr, /Dynamic require of "node:events" is not supported/)
    await build(folder, { loader: { '.node': 'copy' }, banner: { js }, ...esm })
    fs.rmSync(path.join(folder, 'node_modules'), { recursive: true })
    await runs(t, path.join(folder, 'out/app.mjs'))
  })

  test('bundles a linked package with its link kept, and else the error says what to do', async (t) => {
    const folder = await application(t)
    const elsewhere = fs.mkdtempSync(path.join(os.tmpdir(), 'bundle-'))
    t.after(() => fs.rmSync(elsewhere, { recursive: true }))
    const link = path.join(folder, 'node_modules', NAME)
    fs.renameSync(link, path.join(elsewhere, NAME))
    fs.symlinkSync(path.join(elsewhere, NAME), link, 'junction')
    const outfile = path.join(elsewhere, 'app.js')
    await build(folder, { loader: { '.node': 'copy' }, outfile })
    const output = await printed(t, process.execPath, ['--no-expose-wasm', outfile])
    assert.match(output, /^ERR_NO_ADDON .*This is a bundle without it: .*See docs\/bundlers\.md/)
    await build(folder, { loader: { '.node': 'copy' }, outfile, preserveSymlinks: true })
    await runs(t, outfile)
  })

  test('for a browser bundles what says that there is no UDP', async (t) => {
    const folder = await application(t)
    await build(folder, { entryPoints: ['page.mjs'], platform: 'browser', outfile: 'out/page.js' })
    await isWithoutUdp(path.join(folder, 'out/page.js'))
  })

  test('with the loader "file" ends in a clear error', async (t) => {
    const folder = await application(t)
    await build(folder, { loader: { '.node': 'file' } })
    await saysWhatIsWrong(t, path.join(folder, 'out/app.js'))
  })
})

describe('webpack', () => {
  const webpack = require('webpack')
  async function build(folder, options) {
    const compiler = webpack({
      mode: 'production',
      target: 'node',
      context: folder,
      entry: './app.js',
      output: { path: path.join(folder, 'out'), filename: 'app.js' },
      ...options
    })
    const stats = await new Promise((resolve, reject) => {
      compiler.run((error, stats) => (error ? reject(error) : resolve(stats)))
    })
    const { errors, warnings } = stats.toJson()
    return { errors, warnings: warnings.map(({ message }) => message) }
  }

  test('leaves the package out', async (t) => {
    const folder = await application(t)
    const result = await build(folder, { externals: { [NAME]: `commonjs ${NAME}` } })
    assert.deepEqual(result, { errors: [], warnings: [] })
    await runs(t, path.join(folder, 'out/app.js'))
  })

  test('bundles it with node-loader, and warns of the platforms that are not installed', async (t) => {
    const folder = await application(t)
    const rules = [{ test: /\.node$/, loader: require.resolve('node-loader') }]
    const { errors, warnings } = await build(folder, { module: { rules } })
    assert.deepEqual(errors, [])
    for (const warning of warnings) {
      assert.match(warning, /^Module not found: Error: Can't resolve '@bittorrent-udp-tracker\//)
    }
    assert.equal(warnings.length, 8)
    fs.rmSync(path.join(folder, 'node_modules'), { recursive: true })
    await runs(t, path.join(folder, 'out/app.js'))
  })

  test('and IgnorePlugin warns of nothing', async (t) => {
    const folder = await application(t)
    const rules = [{ test: /\.node$/, loader: require.resolve('node-loader') }]
    const [installed] = support.installed(folder).filter((name) => name !== NAME)
    const [scope, platform] = installed.split('/')
    const resourceRegExp = new RegExp(`^${scope}/(?!${platform}$)`)
    const plugins = [new webpack.IgnorePlugin({ resourceRegExp })]
    const result = await build(folder, { module: { rules }, plugins })
    assert.deepEqual(result, { errors: [], warnings: [] })
    await runs(t, path.join(folder, 'out/app.js'))
  })

  test('with asset/resource ends in a clear error', async (t) => {
    const folder = await application(t)
    await build(folder, { module: { rules: [{ test: /\.node$/, type: 'asset/resource' }] } })
    await saysWhatIsWrong(t, path.join(folder, 'out/app.js'))
  })
})

test('rollup leaves the package out', async (t) => {
  const { rollup } = require('rollup')
  const folder = await application(t)
  const warnings = []
  const bundle = await rollup({
    input: path.join(folder, 'app.mjs'),
    external: [NAME],
    onwarn: ({ message }) => warnings.push(message)
  })
  await bundle.write({ file: path.join(folder, 'out/app.mjs'), format: 'es' })
  await bundle.close()
  assert.deepEqual(warnings, [])
  await runs(t, path.join(folder, 'out/app.mjs'))
})

describe('vite', () => {
  async function build(folder, options) {
    const vite = await import('vite')
    const build = { ssr: 'app.mjs', outDir: 'out' }
    await vite.build({ root: folder, configFile: false, logLevel: 'silent', build, ...options })
    return path.join(folder, 'out/app.mjs')
  }

  test('for a server leaves the package out by itself', async (t) => {
    const folder = await application(t)
    await runs(t, await build(folder))
  })

  test('with noExternal has to be told', async (t) => {
    const folder = await application(t)
    await assert.rejects(build(folder, { ssr: { noExternal: true } }), /\.node /)
    await runs(t, await build(folder, { ssr: { noExternal: true, external: [NAME] } }))
  })

  test('for a browser bundles what says that there is no UDP', async (t) => {
    const folder = await application(t)
    const input = path.join(folder, 'page.mjs')
    const output = { entryFileNames: 'page.js' }
    const client = { build: { outDir: 'out', rollupOptions: { input, output } } }
    await build(folder, client)
    await isWithoutUdp(path.join(folder, 'out/page.js'))
  })
})

test('ncc bundles it as it is', async (t) => {
  const folder = await application(t)
  const ncc = path.join(HERE, 'node_modules/@vercel/ncc/dist/ncc/cli.js')
  await support.succeed(process.execPath, [ncc, 'build', 'app.js', '-o', 'out'], { cwd: folder })
  fs.rmSync(path.join(folder, 'node_modules'), { recursive: true })
  await runs(t, path.join(folder, 'out/index.js'))
})

test("@vercel/nft, which traces files for Next.js' standalone output, finds the addon", async (t) => {
  const { nodeFileTrace } = require('@vercel/nft')
  const folder = await application(t)
  const { fileList } = await nodeFileTrace([path.join(folder, 'app.js')], { base: folder })
  assert.ok(fileList.has(path.relative(folder, addonOf(folder))), [...fileList].join('\n'))
})

// The route of an application of Next.js, and how it is configured.
const NEXT = {
  'next.config.js': `module.exports = {
    output: 'standalone',
    outputFileTracingRoot: __dirname,
    serverExternalPackages: ['${NAME}']
  }`,
  'app/layout.js': `export default function Layout({ children }) {
    return <html><body>{children}</body></html>
  }`,
  'app/announce/route.js': `import { announce } from '${NAME}'
  export const dynamic = 'force-dynamic'
  export async function GET() {
    const infoHash = '95c8a2f1c5c4a2f0e0b1d7d6f1e2d3c4b5a69788'
    const peer = { peerId: '-XX0100-abcdefghijkl', infoHash, port: 6881 }
    const { seeds } = await announce(process.env.TRACKER, peer)
    return new Response(seeds + ' seeds')
  }`
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

async function nextApplication(t) {
  const folder = await application(t)
  for (const name of ['next', 'react', 'react-dom']) {
    const link = path.join(folder, 'node_modules', name)
    fs.symlinkSync(path.join(HERE, 'node_modules', name), link, 'junction')
  }
  for (const [file, text] of Object.entries(NEXT)) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    fs.writeFileSync(path.join(folder, file), text)
  }
  return folder
}

const next = path.join(HERE, 'node_modules/next/dist/bin/next')
const NEXT_ENV = { NEXT_TELEMETRY_DISABLED: '1' }

/** What the route of a server answers that is started so. */
async function served(t, args, cwd) {
  const tracker = await startScriptedTracker(t, exampleScript())
  const port = await freePort()
  const server = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, ...NEXT_ENV, TRACKER: tracker.url, PORT: port, HOSTNAME: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const closed = once(server, 'close')
  let said = ''
  server.stdout.setEncoding('utf8').on('data', (text) => (said += text))
  try {
    while (!/Ready/.test(said)) await once(server.stdout, 'data')
    const response = await fetch(`http://127.0.0.1:${port}/announce`)
    return await response.text()
  } finally {
    // Before its folder goes.
    server.kill()
    await closed
  }
}

test("Next.js' development server has it as an external package", async (t) => {
  const folder = await nextApplication(t)
  assert.equal(await served(t, [next, 'dev'], folder), '12 seeds')
})

test("Next.js' standalone output has it as an external package", async (t) => {
  const folder = await nextApplication(t)
  await support.succeed(process.execPath, [next, 'build'], { cwd: folder, env: NEXT_ENV })
  const standalone = path.join(folder, '.next/standalone')
  const addon = path.join(standalone, path.relative(folder, addonOf(folder)))
  assert.ok(fs.existsSync(addon), addon)
  assert.equal(await served(t, ['server.js'], standalone), '12 seeds')
})

test('bun build --compile puts it into the executable', async (t) => {
  const folder = await application(t)
  const args = ['build', 'app.js', '--compile', '--outfile', 'app']
  await support.succeed(programOf('bun'), args, { cwd: folder })
  fs.rmSync(path.join(folder, 'node_modules'), { recursive: true })
  const program = process.platform === 'win32' ? 'app.exe' : 'app'
  assert.equal(await printed(t, path.join(folder, program)), '12 seeds\n')
})

// macOS wants the executable signed anew, and Windows its signature removed.
const SEA = { skip: process.platform !== 'linux' || !HAS_ASSETS }

test('a single executable of Node.js has it as an asset', SEA, async (t) => {
  const folder = await application(t)
  await require('esbuild').build({
    absWorkingDir: folder,
    entryPoints: ['sea.js'],
    bundle: true,
    platform: 'node',
    outfile: 'out.js',
    external: [`@${NAME}/*`],
    logLevel: 'silent'
  })
  const config = { main: 'out.js', output: 'sea.blob', assets: { 'addon.node': addonOf(folder) } }
  config.disableExperimentalSEAWarning = true
  fs.writeFileSync(path.join(folder, 'sea.json'), JSON.stringify(config))
  const options = { cwd: folder }
  await support.succeed(process.execPath, ['--experimental-sea-config', 'sea.json'], options)
  const program = path.join(folder, 'app')
  fs.copyFileSync(process.execPath, program)
  const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
  const postject = path.join(HERE, 'node_modules/postject/dist/cli.js')
  const args = [postject, program, 'NODE_SEA_BLOB', 'sea.blob', '--sentinel-fuse', fuse]
  await support.succeed(process.execPath, args, options)
  fs.rmSync(path.join(folder, 'node_modules'), { recursive: true })
  assert.equal(await printed(t, program), '12 seeds\n')
})
