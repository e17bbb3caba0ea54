// The same announces by libtorrent and by this package, to one recording tracker, compared field by field.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { once } = require('node:events')
const { createInterface } = require('node:readline')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { UdpTracker } = require('./support/client.js')
const { deadline } = require('./support/deadline.js')
const { needs } = require('./support/needs.js')

const SIZE = 100_000
// A torrent of one file in two sessions: a seed that knows no tracker, and a leecher that announces. At each line of
// input comes the next step: download from the seed, leave, exit. Says its port and info-hash in its only line.
const SCRIPT = `
import os, sys, time
import libtorrent as lt
url, directory = sys.argv[1:]
for name in ('seed', 'leecher'):
    os.mkdir(os.path.join(directory, name))
with open(os.path.join(directory, 'seed', 'file'), 'wb') as file:
    file.write(bytes(${SIZE}))

storage = lt.file_storage()
storage.add_file('file', ${SIZE})
torrent = lt.create_torrent(storage, 16384, lt.create_torrent.v1_only)
lt.set_piece_hashes(torrent, os.path.join(directory, 'seed'))
info = lt.torrent_info(torrent.generate())

def join(name, trackers):
    session = lt.session({
        'listen_interfaces': '127.0.0.1:0', 'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False,
        'enable_natpmp': False, 'min_reconnect_time': 1,
        'alert_mask': lt.alert.category_t.tracker_notification
    })
    params = lt.add_torrent_params()
    params.ti, params.save_path, params.trackers = info, os.path.join(directory, name), trackers
    return session, session.add_torrent(params)

# An announce that has no answer yet holds the next one back.
def until_answered():
    while not any(isinstance(alert, lt.tracker_reply_alert) for alert in leecher.pop_alerts()):
        leecher.wait_for_alert(1000)

# One that still looks at its file would turn a leecher away.
seed, seeding = join('seed', [])
while not seeding.status().is_seeding:
    time.sleep(0.01)
leecher, handle = join('leecher', [url])
print(leecher.listen_port(), info.info_hash(), flush=True)
sys.stdin.readline()
until_answered()
while not handle.status().is_seeding:
    handle.connect_peer(('127.0.0.1', seed.listen_port()))
    time.sleep(0.1)
sys.stdin.readline()
until_answered()
leecher.remove_torrent(handle)
sys.stdin.readline()
os._exit(0)
`

// What stands in an announce behind its connection ID and transaction ID, by name; everything, that is.
function fieldsOf(request) {
  const { infoHash, peerId, rest } = request
  const { downloaded, left, uploaded, event, ip, key, numWant, port } = request
  const numbers = { downloaded, left, uploaded, event, ip, key, numWant, port }
  const bytes = { infoHash: infoHash.toString('hex'), peerId: peerId.toString('latin1') }
  return { ...bytes, ...numbers, rest: rest.toString('hex') }
}

// Lets libtorrent start, complete and stop, or only start; returns its announces and what it says about itself.
async function libtorrentAnnounces(t, tracker, requestString, steps) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'libtorrent-'))
  const url = tracker.url + requestString
  const child = spawn('/usr/bin/python3', ['-c', SCRIPT, url, directory], { stdio: 'pipe' })
  child.stdin.on('error', () => {})
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
  const gone = new Promise((resolve) => {
    child.once('error', resolve)
    child.once('close', (code) => resolve(new Error(`libtorrent ended with ${code}: ${stderr}`)))
  })
  t.after(async () => {
    child.kill('SIGKILL')
    await gone
    fs.rmSync(directory, { recursive: true })
  })
  const failed = gone.then((error) => Promise.reject(error))
  failed.catch(() => {}) // at the end of the test it goes, and nobody waits for that any more
  const orGone = (promise) => Promise.race([promise, failed])

  const line = once(createInterface({ input: child.stdout }), 'line')
  const [said] = await orGone(deadline(line, 'libtorrent did not start'))
  const [port, infoHash] = said.split(' ')
  const announces = []
  while (announces.length < steps) {
    if (announces.length > 0) child.stdin.write('next\n')
    announces.push(await orGone(tracker.nextAnnounce()))
  }
  return { announces, port: Number(port), infoHash }
}

// This package's announce of what a libtorrent's announce says.
async function sameAnnounce(tracker, requestString, { numWant, ...fields }) {
  await UdpTracker.announce(tracker.url + requestString, {
    peerId: Buffer.from(fields.peerId, 'latin1'),
    infoHash: fields.infoHash,
    port: fields.port,
    key: fields.key,
    event: ['none', 'completed', 'started', 'stopped'][fields.event],
    downloaded: fields.downloaded,
    left: fields.left,
    uploaded: fields.uploaded,
    ...(numWant === undefined ? {} : { numWant })
  })
  return tracker.nextAnnounce()
}

describe('libtorrent and this package', { skip: needs('libtorrent') }, () => {
  test('send the same bytes for a download from start to end', async (t) => {
    const tracker = await startScriptedTracker(t)
    const requestString = '/announce?passkey=a%20b%2Fc%2f&x=y'
    const theirs = await libtorrentAnnounces(t, tracker, requestString, 3)

    const said = theirs.announces.map(fieldsOf)
    assert.deepEqual(
      said.map(({ event, left }) => ({ event, left })),
      [
        { event: 2, left: BigInt(SIZE) },
        { event: 1, left: 0n },
        { event: 3, left: 0n }
      ]
    )
    assert.ok(said[1].downloaded >= BigInt(SIZE), `downloaded ${said[1].downloaded}`)
    for (const [index, fields] of said.entries()) {
      assert.equal(fields.port, theirs.port)
      assert.equal(fields.infoHash, theirs.infoHash)
      const ours = await sameAnnounce(tracker, requestString, fields)
      assert.deepEqual(fieldsOf(ours), fields)
      // Behind the connection ID and the transaction ID there is nothing that differs.
      const { raw } = theirs.announces[index]
      assert.deepEqual(ours.raw.subarray(8, 12), raw.subarray(8, 12), 'action')
      assert.deepEqual(ours.raw.subarray(16), raw.subarray(16))
    }
  })

  test('differ in num_want where the application does not say: 50 here', async (t) => {
    const tracker = await startScriptedTracker(t)
    const theirs = await libtorrentAnnounces(t, tracker, '/announce', 3)
    const said = theirs.announces.map(fieldsOf)

    // libtorrent wants 200 peers, and none when it leaves. Version 1 of this package always wants 50.
    assert.deepEqual(
      said.map(({ numWant }) => numWant),
      [200, 200, 0]
    )
    for (const fields of said) {
      const ours = await sameAnnounce(tracker, '/announce', { ...fields, numWant: undefined })
      assert.deepEqual(fieldsOf(ours), { ...fields, numWant: 50 })
    }
  })

  test('differ in URLData longer than 255 bytes: libtorrent cuts it off', async (t) => {
    const tracker = await startScriptedTracker(t)
    const requestString = '/announce?' + 'x'.repeat(290)
    const theirs = await libtorrentAnnounces(t, tracker, requestString, 1)
    const [fields] = theirs.announces.map(fieldsOf)
    const ours = await sameAnnounce(tracker, requestString, fields)

    const cut = Buffer.from('\x02\xff' + requestString.slice(0, 255), 'latin1')
    const rest = Buffer.from('\x02\x2d' + requestString.slice(255), 'latin1')
    assert.equal(fields.rest, cut.toString('hex'))
    assert.deepEqual(fieldsOf(ours), {
      ...fields,
      rest: Buffer.concat([cut, rest]).toString('hex')
    })
  })

  test('differ where the URL has no path: libtorrent sends a slash', async (t) => {
    const tracker = await startScriptedTracker(t)
    const theirs = await libtorrentAnnounces(t, tracker, '', 1)
    const [fields] = theirs.announces.map(fieldsOf)
    const ours = await sameAnnounce(tracker, '', fields)

    assert.equal(fields.rest, Buffer.from('\x02\x01/').toString('hex'))
    assert.deepEqual(fieldsOf(ours), { ...fields, rest: '' })
    assert.deepEqual(fieldsOf(await sameAnnounce(tracker, '/', fields)), fields)
  })
})
