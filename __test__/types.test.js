// index.d.ts and the code say the same: what must compile compiles, what must not does not, and every public member of
// the one is in the other.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const { EventEmitter } = require('node:events')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const declared = require('./types/declarations.js')
const { ROOT } = require('./support/child.js')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { UdpTracker, INFO_HASH, PEER_ID, createClient } = require('./support/client.js')
const wire = require('./support/wire.js')

const COMPILE_MS = 60_000
const URL = 'udp://127.0.0.1:6969'

// What applications and the original's tests read. Other fields with a _ are private.
const COMPATIBILITY_FIELDS = [
  '_timeout',
  '_in_interval',
  '_last_opts',
  '_announce_intervals_timeout',
  '_socket',
  '_udpTimmers'
]

// What serves the declarations themselves and has no use outside them.
const HELPER_TYPES = ['Arguments', 'Listener', 'Names']

const OF_EVERY_EMITTER = ['newListener', 'removeListener']

const sorted = (names) => [...new Set(names)].sort()

function isPublic(name) {
  return name !== 'constructor' && (!name.startsWith('_') || COMPATIBILITY_FIELDS.includes(name))
}

// Calls `use` with an object that remembers which of its properties are read.
async function namesReadBy(use, given = {}) {
  const names = new Set()
  const object = new Proxy(given, {
    get(target, name) {
      if (typeof name === 'string') names.add(name)
      return target[name]
    }
  })
  await use(object)
  return names
}

test('the fixtures compile under strict, and each misuse in them is an error', async () => {
  const tsc = require.resolve('typescript/lib/tsc.js')
  const args = [tsc, '--noEmit', '--strict', '--pretty', 'false', '--project', '__test__/types']
  const errors = await new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT, timeout: COMPILE_MS }, (error, stdout, stderr) =>
      resolve(stdout + stderr + (error ? error.message : ''))
    )
  })
  assert.equal(errors, '')
})

test('every declaration has a doc comment', () => {
  assert.deepEqual(declared.undocumented(), [])
})

describe('the package', () => {
  test('gives ES modules the declarations of an ES module', () => {
    assert.equal(declared.declarationFor('import'), 'index.d.mts')
  })

  test('gives CommonJS the declarations of CommonJS', () => {
    assert.equal(declared.declarationFor('require'), 'index.d.ts')
  })

  test('has both sets of files', () => {
    const { files } = require('../package.json')
    assert.ok(files.includes('index.d.ts') && files.includes('index.d.mts'), files.join())
  })
})

describe('an instance', () => {
  const instance = new UdpTracker(PEER_ID, INFO_HASH, URL)
  const inherited = new EventEmitter()

  test('has every member that is declared', () => {
    const missing = declared.instanceMembers().filter((name) => !(name in instance))
    assert.deepEqual(missing, [])
  })

  test('has no public field or method that is not declared', () => {
    const own = [...Object.keys(instance), ...Object.getOwnPropertyNames(UdpTracker.prototype)]
    const real = own.filter((name) => isPublic(name) && !(name in inherited))
    const declaredHere = declared.instanceMembers().filter((name) => !(name in inherited))
    assert.deepEqual(sorted(real), sorted(declaredHere))
  })

  test('emits the events that are declared, with what is declared', async (t) => {
    const tracker = await startScriptedTracker(t, {
      scrape: (request) => wire.scrapeResponse(request, [{ seeds: 1 }])
    })
    const emitted = {}
    class Listening extends UdpTracker {
      emit(name, ...args) {
        emitted[name] = args
        return super.emit(name, ...args)
      }
    }
    const client = createClient(t, tracker.url, {}, Listening)
    client.on('error', () => {})
    for (const name of ['update', 'scrape']) {
      const arrived = new Promise((resolve) => client.once(name, resolve))
      if (name === 'update') client.announce(2)
      else client.scrape()
      await arrived
    }
    client.announce(2)

    const events = declared.membersOf('Events').filter((name) => !OF_EVERY_EMITTER.includes(name))
    assert.deepEqual(sorted(Object.keys(emitted)), sorted(events))
    const [update] = emitted.update
    assert.deepEqual(sorted(Object.keys(update)), sorted(declared.membersOf('Update')))
    const [[row]] = emitted.scrape
    assert.deepEqual(sorted(Object.keys(row)), sorted(declared.membersOf('ScrapeResult')))
    assert.deepEqual(emitted.error, ['not calling announce'])
  })
})

describe('the options', () => {
  test('of the constructor are the declared ones', async () => {
    const read = await namesReadBy((opts) => new UdpTracker(PEER_ID, INFO_HASH, URL, opts))
    assert.deepEqual(sorted(read), sorted(declared.membersOf('Options')))
  })

  test('of the method announce are the declared ones, and event is written', async (t) => {
    const tracker = await startScriptedTracker(t)
    const client = createClient(t, tracker.url)
    client.on('error', () => {})
    client.announce(2)
    await new Promise((resolve) => client.once('update', resolve))
    const given = { left: 1, force: true }
    const read = await namesReadBy((opts) => client.announce(2, opts), given)

    assert.equal(given.event, 2)
    assert.deepEqual(sorted([...read, 'event']), sorted(declared.membersOf('AnnounceOptions')))
  })

  test('of the static announce are the declared ones', async (t) => {
    const tracker = await startScriptedTracker(t)
    const read = await namesReadBy((opts) => UdpTracker.announce(tracker.url, opts), {
      peerId: PEER_ID,
      infoHash: INFO_HASH,
      port: 6881
    })
    assert.deepEqual(sorted(read), sorted(declared.membersOf('AnnounceRequest')))
  })

  test('of the static scrape are the declared ones', async () => {
    const read = await namesReadBy((opts) => UdpTracker.scrape(URL, [], opts))
    assert.deepEqual(sorted(read), sorted(declared.membersOf('ScrapeOptions')))
  })
})

describe('the static side', () => {
  test('has the functions and classes that are declared, and no others', () => {
    assert.deepEqual(sorted(Object.keys(UdpTracker)), sorted(declared.staticMembers()))
  })

  test('is exported to ES modules as declared', async () => {
    const exports = await import(pathToFileURL(path.join(ROOT, 'index.mjs')))
    assert.deepEqual(sorted(Object.keys(exports)), sorted(declared.esmValues()))
  })

  test('has its types exported to ES modules', () => {
    const types = declared.typeNames().filter((name) => !HELPER_TYPES.includes(name))
    assert.deepEqual(sorted(declared.esmTypes()), sorted(types))
  })

  test('has the engine and the counters that are declared, all numbers', () => {
    const stats = UdpTracker.stats()
    assert.deepEqual(sorted(Object.keys(stats)), sorted(declared.membersOf('Stats')))
    const { engine, ...counters } = stats
    assert.match(engine, /^(native|portable)$/)
    for (const value of Object.values(counters)) assert.equal(typeof value, 'number')
  })

  test('resolves to what is declared', async (t) => {
    const tracker = await startScriptedTracker(t)
    const result = await UdpTracker.announce(tracker.url, {
      peerId: PEER_ID,
      infoHash: INFO_HASH,
      port: 6881
    })
    assert.deepEqual(sorted(Object.keys(result)), sorted(declared.membersOf('AnnounceResult')))

    let progress
    const [row] = await UdpTracker.scrape(tracker.url, [INFO_HASH], {
      onProgress: (latest) => (progress = latest)
    })
    assert.deepEqual(sorted(Object.keys(row)), sorted(declared.membersOf('ScrapeResult')))
    assert.deepEqual(sorted(Object.keys(progress)), sorted(declared.membersOf('Progress')))
  })
})

describe('a TrackerError', () => {
  test('has the members that are declared', () => {
    const cause = new Error('why')
    const errors = {}
    const details = {
      url: URL,
      address: '127.0.0.1:1',
      phase: 'lookup',
      results: [],
      errors,
      cause
    }
    const error = new UdpTracker.TrackerError('text', 'DNS', details)
    assert.deepEqual([...Object.keys(error), 'cause'], declared.membersOf('TrackerError'))
    assert.deepEqual({ ...error, cause: error.cause }, { code: 'DNS', ...details })
    assert.equal(error.message, 'text')

    assert.deepEqual({ ...new UdpTracker.TrackerError('text', 'DNS') }, { code: 'DNS' })
  })

  test('has one of the codes that are declared, and each of them is in use', async (t) => {
    const saying = (answer) => startScriptedTracker(t, { connect: answer })
    const refusing = await saying((request) => wire.errorResponse(request, 'not today'))
    const faulty = await saying((request) => wire.uint32(0, request.transactionId))
    const silent = await saying(() => [])
    const failures = {
      TRACKER_ERROR: [refusing.url],
      BAD_RESPONSE: [faulty.url],
      TIMEOUT: [silent.url, { timeout: 20 }],
      DNS: ['udp://127.0.0.1:6969', { family: 6 }],
      BAD_URL: ['http://127.0.0.1:6969']
    }
    for (const [code, [url, opts]] of Object.entries(failures)) {
      const given = { peerId: PEER_ID, infoHash: INFO_HASH, port: 6881, ...opts }
      await assert.rejects(UdpTracker.announce(url, given), { name: 'TrackerError', code })
    }
    // NETWORK needs a system without sockets of a family, which a test cannot bring about.
    const codes = declared.literalsOf('TrackerErrorCode')
    assert.deepEqual(sorted(codes), sorted([...Object.keys(failures), 'NETWORK']))
  })
})
