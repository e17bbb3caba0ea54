// After `require` nothing of the package is read any more, but the addon by the first request: mock-fs, chroot, an update in place.
'use strict'

const { test, before, after } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { isPortable } = require('./support/portable.js')
const { ROOT, startBareScript } = require('./support/child.js')
const { IMPORTS_IN_EVAL } = require('./support/runtimes.js')

let folder

before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bittorrent-udp-tracker-gone-'))
})

after(() => fs.rmSync(folder, { recursive: true, force: true }))

// A copy of what is published, with this checkout's addon.
function copyOf() {
  const copy = fs.mkdtempSync(path.join(folder, 'copy-'))
  const addons = fs.readdirSync(ROOT).filter((name) => name.endsWith('.node'))
  for (const name of ['package.json', 'index.js', 'index.mjs', 'lib', ...addons]) {
    fs.cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true })
  }
  return copy
}

// Each a call of the API, with the constructor and a tracker's URL, that has to end well.
const CALLS = `
  const options = ${isPortable ? '{}' : "{ transport: { localAddress: '127.0.0.1' } }"}
  const request = { peerId: Buffer.alloc(20, 1), infoHash: Buffer.alloc(20, 2), port: 6881 }
  const tracker = (UdpTracker, url, opts) => new UdpTracker(request.peerId, request.infoHash, url, opts)
  const named = (url) => url.replace('127.0.0.1', 'tracker.test')
  const calls = {
    announce: (UdpTracker, url) => {
      const one = tracker(UdpTracker, url, { ip: '192.0.2.1', ...options })
      one.announce(2)
      return UdpTracker.once(one, 'update').finally(() => one.destroy())
    },
    'scrape of an object': (UdpTracker, url) => {
      const one = tracker(UdpTracker, url)
      one.scrape()
      return UdpTracker.once(one, 'scrape').finally(() => one.destroy())
    },
    promise: (UdpTracker, url) =>
      UdpTracker.announce(url, { ...request, signal: new AbortController().signal }),
    scrape: (UdpTracker, url) => UdpTracker.scrape(url, [request.infoHash]),
    'both families': async (UdpTracker, url) => {
      const both = await UdpTracker.announce(url, { ...request, family: 'both' })
      if (both[4].seeds !== 0) throw new Error('nothing over IPv4')
    },
    lookup: (UdpTracker, url) =>
      UdpTracker.announce(named(url), { ...request, transport: { lookup: async () => ['127.0.0.1'] } }),
    error: async (UdpTracker) => {
      const { code } = await UdpTracker.announce('udp://', request).catch((error) => error)
      if (code !== 'BAD_URL') throw new Error(code)
    },
    drain: (UdpTracker) => UdpTracker.drain(),
    stats: async (UdpTracker) => UdpTracker.stats(),
    diagnostics: async (UdpTracker, url) => {
      let count = 0
      const channels = require('node:diagnostics_channel')
      channels.subscribe('bittorrent-udp-tracker:answer', () => count++)
      await UdpTracker.announce(url, request)
      if (count === 0) throw new Error('not heard')
    },
    'bittorrent-tracker': ({ Client }, url) => {
      const client = new Client({ ...request, announce: [url] })
      client.start()
      return new Promise((resolve, reject) => client.once('update', resolve).once('error', reject)).finally(() => client.destroy())
    }
  }
  const whatFails = async (UdpTracker, entry, url) => {
    const failures = {}
    for (const [name, call] of Object.entries(calls)) {
      try {
        await call(name === 'bittorrent-tracker' ? entry : UdpTracker, url)
      } catch (error) {
        failures[name] = String(error && error.stack || error)
      }
    }
    return JSON.stringify(failures)
  }
`

const LOAD = {
  require: `const UdpTracker = require(process.env.COPY), entry = require(process.env.COPY + '/lib/bittorrent-tracker/index.js')`,
  import: `const { default: UdpTracker } = await import(url.pathToFileURL(process.env.COPY + '/index.mjs'))
           const entry = await import(url.pathToFileURL(process.env.COPY + '/lib/bittorrent-tracker/index.mjs'))`
}

const REMOVE = {
  'its sources are removed': `for (const name of ['lib', 'index.js', 'index.mjs', 'package.json']) fs.rmSync(process.env.COPY + '/' + name, { recursive: true })`,
  'the folder is renamed after a request': `UdpTracker.stats()
           fs.renameSync(process.env.COPY, process.env.COPY + '-moved')`
}

for (const [how, load] of Object.entries(LOAD)) {
  for (const [what, remove] of Object.entries(REMOVE)) {
    const isRenamed = what.includes('renamed')
    const skip = isRenamed
      ? process.platform === 'win32' && 'Windows keeps it'
      : isPortable && 'the portable engine is read at the first request, as the addon is'
    const options = { skip: skip || (how === 'import' && IMPORTS_IN_EVAL.skip) }
    test(`after ${how}, everything works when ${what}`, options, async (t) => {
      const tracker = await startScriptedTracker(t)
      const child = startBareScript(
        t,
        `const fs = require('node:fs'), url = require('node:url')
         ${CALLS}
         const main = async () => {
           ${load}
           ${remove}
           console.log(await whatFails(UdpTracker, entry, process.env.TRACKER_URL))
           process.exit()
         }
         main()`,
        tracker.url,
        { COPY: copyOf() }
      )
      const { stdout, stderr } = await child.exit()
      assert.equal(stderr, '')
      assert.deepEqual(JSON.parse(stdout), {})
    })
  }
}

test('what returns a promise rejects it and does not throw, whatever it is called with', async (t) => {
  const child = startBareScript(
    t,
    `const UdpTracker = require(process.env.PACKAGE_ROOT)
     const main = async () => {
       const wrong = [Symbol('x'), null, 0, 'x', new Proxy({}, { get: () => { throw new Error('trap') } })]
       for (const name of ['announce', 'drain', 'once', 'scrape', 'ping']) {
         if (UdpTracker[name] === undefined) continue
         for (const one of wrong) {
           for (const args of [[one], [one, one], ['udp://127.0.0.1:1', one], ['udp://127.0.0.1:1', [], one]]) {
             try {
               Promise.resolve(UdpTracker[name](...args)).catch(() => {})
             } catch (error) {
               console.log(name, 'throws', error.message)
             }
           }
         }
       }
       process.exit()
     }
     main()`
  )
  const { stdout, stderr } = await child.exit()
  assert.deepEqual({ stdout, stderr }, { stdout: '', stderr: '' })
})
