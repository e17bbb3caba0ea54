// Records the corpus: what real trackers answer to the addon's own requests, and the records in which they reach the
// addon. Run it after `npm run build`; it writes into fuzz/corpus/datagrams and fuzz/corpus/commands.
'use strict'

const dgram = require('node:dgram')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const binding = require('../lib/engine/addon.js').load()

const corpus = path.join(__dirname, 'corpus')
// The form of fuzz/src/datagrams.rs: bit 3 stands for "with the transaction ID of a request that was sent".
const PATCH = 8
const V4 = 0
const V6 = 3
// Its first byte, which says what is in flight: a few requests, and more of them or a burst, at an address of that family.
const SETTINGS = { [V4]: [0x00, 0x81], [V6]: [0x4c, 0xcd] }

// Each batch of records goes to the decoder as one buffer: the addon's Session is wrapped before lib/ gets hold of it.
const batches = []
const { Session } = binding
binding.Session = class extends Session {
  submit(records, length) {
    batches.push(Buffer.from(records.subarray(0, length)))
    return super.submit(records, length)
  }
}

const UdpTracker = require('..')
const trackers = require('../__test__/support/real-trackers.js')
const { withoutIPv6 } = require('../__test__/support/loopback.js')

const infoHash = Buffer.alloc(20, 0xab)
const unknown = Buffer.alloc(20, 0xcd)

// A relay in front of a tracker that keeps what comes back.
async function relay(t, url) {
  const { hostname, port } = new URL(url.replace('udp:', 'http:'))
  const host = hostname.replace(/[[\]]/g, '')
  const type = host.includes(':') ? 'udp6' : 'udp4'
  const [near, far] = [dgram.createSocket(type), dgram.createSocket(type)]
  const answers = []
  let client
  near.on('message', (bytes, from) => {
    client = from
    far.send(bytes, Number(port), host)
  })
  far.on('message', (bytes) => {
    answers.push(Buffer.from(bytes))
    near.send(bytes, client.port, client.address)
  })
  near.bind(0, host)
  await once(near, 'listening')
  t.after(() => [near, far].forEach((socket) => socket.close()))
  const own = near.address()
  return { url: url.replace(`:${port}`, `:${own.port}`), answers }
}

// The answers one after another, each with the transaction ID of a request of its kind.
function record(name, from, answers) {
  let announces = 0
  const records = answers.flatMap((bytes) => {
    // How many requests back: after a connect the scrape is sent last and the two announces before it.
    const back = bytes.readUInt32BE(0) === 1 ? 1 + (announces++ % 2) : 0
    return [
      Buffer.from([(back << 4) | from | PATCH, 0, bytes.length & 255, bytes.length >> 8]),
      bytes
    ]
  })
  for (const setting of SETTINGS[from]) {
    const bytes = Buffer.concat([Buffer.from([setting]), ...records])
    write('datagrams', `${name}-${setting.toString(16)}`, bytes)
  }
}

function write(target, name, bytes) {
  fs.mkdirSync(path.join(corpus, target), { recursive: true })
  fs.writeFileSync(path.join(corpus, target, name), bytes)
}

// A swarm's life at one tracker: peers come, one completes, one goes; a scrape; an info-hash it may not know.
async function lifeOfASwarm(t, name, url, from) {
  const { url: through, answers } = await relay(t, `${url}/announce?passkey=1`)
  const common = { infoHash, left: 1000, timeout: 5000 }
  for (const [n, event] of ['started', 'started', 'none', 'completed', 'stopped'].entries()) {
    const peerId = Buffer.alloc(20, n + 1)
    const auth = n === 2 ? { auth: { username: 'ann', password: 'secret' } } : {}
    await UdpTracker.announce(through, { ...common, ...auth, peerId, port: 6881 + n, event })
  }
  const rest = [
    UdpTracker.scrape(through, [infoHash]),
    UdpTracker.scrape(through, [infoHash, unknown]),
    UdpTracker.announce(through, {
      ...common,
      infoHash: unknown,
      peerId: Buffer.alloc(20, 9),
      port: 9
    })
  ]
  await Promise.allSettled(rest)
  const kinds = new Map(answers.map((bytes) => [`${bytes.readUInt32BE(0)}-${bytes.length}`, bytes]))
  record(`${name}-life`, from, [...kinds.values()])
  const largest = answers
    .filter((bytes) => bytes.readUInt32BE(0) === 1)
    .sort((a, b) => b.length - a.length)[0]
  record(`${name}-announce`, from, [answers[0], largest])
  record(`${name}-scrape`, from, [
    answers[0],
    ...answers.filter((bytes) => bytes.readUInt32BE(0) === 2)
  ])
}

// What a tracker says to a connection ID it never gave.
async function wrongConnection(t, name, url, from) {
  const { hostname, port } = new URL(url.replace('udp:', 'http:'))
  const host = hostname.replace(/[[\]]/g, '')
  const socket = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4')
  const answer = new Promise((resolve) => {
    socket.once('message', resolve)
    setTimeout(resolve, 500) // not every tracker says anything
  })
  const request = Buffer.alloc(98, 7)
  request.writeUInt32BE(1, 8)
  socket.send(request, Number(port), host)
  const bytes = await answer
  socket.close()
  if (bytes) record(`${name}-connection-id`, from, [Buffer.alloc(16), bytes])
}

async function main() {
  const ends = []
  const t = { after: (end) => ends.unshift(end) }
  try {
    const started = [['opentracker', (await trackers.startOpentracker(t, [infoHash])).url4, V4]]
    started.push(['aquatic', (await trackers.startAquatic(t)).url, V4])
    const { url4, url6 } = await trackers.startBittorrentTracker(t)
    started.push(['bittorrent-tracker', url4, V4])
    if (!withoutIPv6) {
      started.push(['aquatic-v6', (await trackers.startAquatic(t, '::1')).url, V6])
      started.push(['bittorrent-tracker-v6', url6, V6])
    }
    for (const [name, url, from] of started) {
      await lifeOfASwarm(t, name, url, from)
      await wrongConnection(t, name, url, from)
    }
    // Ports are the system's choice and differ from run to run; so do the addon's numbers, but a file a kind will do.
    const kinds = new Map(
      batches.map((bytes) => [`${bytes[8]}-${bytes[11]}-${bytes.length}`, bytes])
    )
    for (const [kind, bytes] of [...kinds].slice(0, 8)) write('commands', `session-${kind}`, bytes)
  } finally {
    for (const end of ends) await end()
  }
}

main()
