// The entry points for applications on bittorrent-tracker, as they are installed from what is published: by `import` and by
// `require`, with their types, and with `node --import`.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { startScriptedTracker } = require('../support/scripted-tracker.js')
const support = require('./support.js')

const { NAME, ROOT } = support
const TSC = require.resolve('typescript/lib/tsc.js')

const CLIENT = `
  const client = new Client({
    infoHash: 'ab'.repeat(20),
    peerId: 'cd'.repeat(20),
    announce: process.env.TRACKER_URL,
    port: 6881
  })
  client.on('warning', (err) => console.error(err))
  client.on('update', ({ complete }) => {
    console.log(complete, stats().requests)
    client.destroy()
  })
  client.start()
`

const OURS = {
  'own.cjs': `
    const { Client } = require('${NAME}/bittorrent-tracker')
    const { stats } = require('${NAME}')
    ${CLIENT}`,
  'own.mjs': `
    import { Client } from '${NAME}/bittorrent-tracker'
    import { stats } from '${NAME}'
    ${CLIENT}`,
  'patched.cjs': `
    const Client = require('bittorrent-tracker')
    const { patch } = require('${NAME}/bittorrent-tracker')
    const { stats } = require('${NAME}')
    patch(Client)
    ${CLIENT}`,
  'patched.mjs': `
    import Client from 'bittorrent-tracker'
    import { patch } from '${NAME}/bittorrent-tracker'
    import { stats } from '${NAME}'
    patch(Client)
    ${CLIENT}`,
  'registering.cjs': `
    require('${NAME}/register')
    const Client = require('bittorrent-tracker')
    const { stats } = require('${NAME}')
    ${CLIENT}`,
  'registering.mjs': `
    import '${NAME}/register'
    import { stats } from '${NAME}'
    const { default: Client } = await import('bittorrent-tracker')
    ${CLIENT}`
}

const THEIRS = `
  const Client = require('bittorrent-tracker')
  const { stats } = require('${NAME}')
  ${CLIENT}`

const TYPES = `
  const client = new Client({
    infoHash: 'ab'.repeat(20),
    peerId: new Uint8Array(20),
    announce: ['udp://tracker.example.org:6969'],
    port: 6881,
    transport: { localAddress: '127.0.0.1' }
  })
  client.on('update', (update: Update) => update.complete + update.incomplete)
  client.on('peer', (peer) => peer.split(':'))
  client.on('warning', (err) => err.message + err.code)
  client.start({ left: 5n, passkey: 'another option' })
  client.scrape({ infoHash: [new Uint8Array(20)] })
  const undo: () => void = patch(class extends Client {}, { interface: 'eth0' })
  undo()
  Client.scrape({ infoHash: ['ab'.repeat(20)], announce: 'udp://x' }, (err, results) => {
    if (err) throw err
    console.log(results)
  })
  const tracker: UDPTracker = new UDPTracker(
    Object.assign(client, {
      _infoHashBuffer: new Uint8Array(20),
      _peerIdBuffer: new Uint8Array(20),
      _port: 1,
      _defaultAnnounceOpts: () => ({})
    }),
    'udp://x'
  )
  tracker.destroy(() => {})
  // @ts-expect-error it has no such option
  new Client({ infoHash: 'ab', peerId: 'cd', announce: 'udp://x', port: 1, proxy: 'socks5://x' })
  // @ts-expect-error the port is missing
  new Client({ infoHash: 'ab', peerId: 'cd', announce: 'udp://x' })
  // @ts-expect-error no such event
  client.on('updated', () => {})
  // @ts-expect-error it is a class
  patch({})
`

test('an empty project', async (t) => {
  const { folder, npmInstall } = await support.emptyProject(t, support.packages(t))
  await npmInstall()
  const theirs = path.join(ROOT, 'node_modules/bittorrent-tracker')
  fs.symlinkSync(theirs, path.join(folder, 'node_modules/bittorrent-tracker'), 'junction')
  for (const [name, code] of Object.entries({ ...OURS, 'theirs.cjs': THEIRS })) {
    fs.writeFileSync(path.join(folder, name), code)
  }

  async function run(t, args) {
    const tracker = await startScriptedTracker(t)
    const env = { TRACKER_URL: tracker.url }
    return support.run(process.execPath, args, { cwd: folder, env })
  }
  const said = (requests) => ({ code: 0, stdout: `0 ${requests}\n`, stderr: '' })

  for (const name of Object.keys(OURS)) {
    await t.test(`announces through the engine in ${name}`, async (t) => {
      assert.deepEqual(await run(t, [name]), said(1))
    })
  }

  await t.test(
    'announces through the engine by --import and by --require, and not without',
    async (t) => {
      for (const option of ['--import', '--require']) {
        assert.deepEqual(await run(t, [option, `${NAME}/register`, 'theirs.cjs']), said(1))
      }
      assert.deepEqual(await run(t, ['theirs.cjs']), said(0))
    }
  )

  await t.test('has types for both kinds of modules', async () => {
    const imports = `import { Client, UDPTracker, patch } from '${NAME}/bittorrent-tracker'
      import type { Update } from '${NAME}/bittorrent-tracker'
      import '${NAME}/register'\n`
    const files = ['types.cts', 'types.mts']
    for (const file of files) fs.writeFileSync(path.join(folder, file), imports + TYPES)
    const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--pretty', 'false']
    const modules = ['--module', 'nodenext', '--target', 'es2022']
    const types = ['--typeRoots', path.join(ROOT, 'node_modules/@types'), '--types', 'node']
    const args = [TSC, ...strict, ...modules, ...types, ...files]
    const { stdout } = await support.run(process.execPath, args, { cwd: folder })
    assert.equal(stdout, '')
  })
})
