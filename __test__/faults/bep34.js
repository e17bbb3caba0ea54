// `check` says what a host's TXT records say of its trackers (BEP 34), and neither a name server that keeps silent about them
// nor one that fails is in its way.
'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { jsonLines, runCommand, temporaryFiles } = require('../support/command-line.js')
const { startDnsServer } = require('../support/dns-server.js')
const { run, useOwnFile, useOwnResolver } = require('../support/fault.js')
const { startSocksProxy } = require('../support/socks-proxy.js')
const { startScriptedTracker, silent } = require('../support/scripted-tracker.js')

run(async (t) => {
  useOwnResolver('timeout:1 attempts:1')
  const { port } = await startScriptedTracker(t)
  const dead = await startScriptedTracker(t, { connect: silent })
  const texts = {
    'same.example': ['v=spf1 -all', `BITTORRENT UDP:${port} TCP:80`],
    'other.example': ['BITTORRENT TCP:443 UDP:1337'],
    'deny.example': ['BITTORRENT DENY ALL'],
    'bare.example': ['BITTORRENT'],
    'long.example': [`BITTORRENT ${'x'.repeat(300)} UDP:${port}`],
    'none.example': ['v=spf1 -all', 'bittorrent UDP:1'],
    'empty.example': [],
    'fails.example': 'fail',
    'hangs.example': 'hang'
  }
  const answer = (name) => (texts[name] ? '127.0.0.1' : 'fail')
  const server = await startDnsServer(t, answer, { textsOf: (name) => texts[name] })
  const names = Object.keys(texts)
  const urls = names.map((name) => `udp://${name}:${port}`)
  const expected = {
    'same.example': { ports: [`UDP:${port}`, 'TCP:80'], listed: true },
    'other.example': { ports: ['TCP:443', 'UDP:1337'], listed: false },
    'deny.example': { ports: [], listed: false },
    'bare.example': { ports: [], listed: false },
    'long.example': { ports: [`UDP:${port}`], listed: true }
  }
  const check = (...args) => runCommand(t, ['check', ...args, '-4'])

  const { code, stdout, stderr } = await check(...urls, '--json')
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const rows = jsonLines(stdout)
  assert.equal(rows.length, urls.length)
  for (const { url, status, bep34 } of rows) {
    assert.equal(status, 'works', url)
    assert.deepEqual(bep34, expected[new URL(url).hostname], url)
  }

  // Where there is no tracker any more, it is what one wants to know.
  const moved = await check(`udp://other.example:${dead.port}`, '--timeout', '1')
  assert.match(moved.stdout, /no answer; BEP 34 lists TCP:443 UDP:1337, not this port\n/)
  const table = (await check(...urls)).stdout
  assert.match(table, /same\.example.* works; BEP 34 lists UDP:\d+ TCP:80\n/)
  assert.match(table, /deny\.example.* works; BEP 34: no tracker here\n/)
  assert.match(table, /none\.example.* works\n/)
  const [summary] = /^BEP 34: .*$/m.exec(table)
  for (const name of ['other', 'deny', 'bare']) assert.ok(summary.includes(`${name}.example:`))
  assert.match(summary, /; 2 trackers are listed$/)
  assert.doesNotMatch((await check(urls[5])).stdout, /BEP 34/)

  const csv = (await check(urls[0], urls[2], urls[5], '--format', 'csv', '--sort', 'name')).stdout
  const [header, ...lines] = csv.trimEnd().split(/\r?\n/)
  assert.match(header, /,interval,bep34$/)
  assert.deepEqual(
    lines.map((line) => line.split(',').at(-1)),
    ['DENY ALL', '', `UDP:${port} TCP:80`]
  )
  const metrics = (await check(urls[0], urls[1], urls[5], '--format', 'openmetrics')).stdout
  const listed = (name) => new RegExp(`bep34_listed\\{url="udp://${name}:\\d+",family="4"\\} (.)`)
  assert.equal(listed('same.example').exec(metrics)[1], '1')
  assert.equal(listed('other.example').exec(metrics)[1], '0')
  assert.equal(listed('none.example').exec(metrics), null)
  const [page] = temporaryFiles(t, { page: '' })
  await check(urls[1], '--html', page)
  assert.match(fs.readFileSync(page, 'utf8'), /BEP 34 lists TCP:443 UDP:1337, not this port/)

  // A proxy that resolves names does so alone.
  server.questions.length = 0
  const proxy = await startSocksProxy(t)
  const { code: carried } = await check(urls[0], '--proxy', proxy.url)
  assert.equal(carried, 0)
  assert.deepEqual(server.questions, [])

  // An address has no records, and a system that asks no name servers asks none for these.
  server.questions.length = 0
  await check(`udp://127.0.0.1:${port}`, `localhost:${port}`)
  useOwnFile('/etc/hosts', '127.0.0.1 same.example localhost\n')
  fs.writeFileSync('/etc/nsswitch.conf', 'hosts: files\n')
  assert.equal((await check(urls[0])).code, 0)
  assert.deepEqual(
    server.questions.filter(({ name }) => name !== 'localhost'),
    []
  )
})
