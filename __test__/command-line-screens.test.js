// What is seen in terminals of different widths, which tmux draws. Numbers of milliseconds, which are others each time,
// are replaced by zeros, and the port by 55555.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker, silent } = require('./support/scripted-tracker.js')
const { namesEnvironment, temporaryFiles } = require('./support/command-line.js')
const { withoutTmux, startInTmux } = require('./support/tmux.js')
const wire = require('./support/wire.js')

// Each tracker has an address of its own, and all have one port.
const skip = withoutTmux || (process.platform === 'linux' ? false : 'it takes all of 127.0.0.0/8')
const LONG = 'tracker.of-a-rather-long-name.example.org'
const SCRIPTS = {
  'works.test': {},
  [LONG]: {},
  'xn--r8jz45g.test': {}, // 例え.test
  'refuses.test': {
    announce: (request) => wire.errorResponse(request, 'unregistered torrent, sorry')
  },
  'list.test': { announce: (request) => wire.announceResponse(request).subarray(0, 8) },
  'ignores.test': { scrape: silent },
  'dead.test': { connect: silent }
}

async function startTrackers(t) {
  const names = { 'missing.test': 'ENOTFOUND' }
  let port = 0
  let host = 2
  for (const [name, script] of Object.entries(SCRIPTS)) {
    const address = `127.0.0.${host++}`
    const tracker = await startScriptedTracker(t, { ...script, address, port })
    port = tracker.port
    names[name] = [address]
  }
  return { port, env: { ...namesEnvironment(names), NO_COLOR: '1' } }
}

// Widths stay as they are.
const normal = (line, port) =>
  line
    .replaceAll(String(port), '55555')
    .replaceAll(/ {2} *\d+\.\d(?= |$)/g, (number) => '0.0'.padStart(number.length))
    .replaceAll(/[▏▎▍▌▋▊▉█]+ */g, (bar) => '█'.padEnd(bar.length))
    .replaceAll(/[▁▂▃▄▅▆▇]/g, '█')
    .replace(/; fastest .*/, '; fastest …')

async function screenOf(t, command, columns) {
  const { port, env } = await startTrackers(t)
  const terminal = await startInTmux(t, command.replaceAll('PORT', port), { columns, env })
  await terminal.ended
  const lines = (await terminal.screen()).map((line) => normal(line, port))
  if (process.env.SHOW_SCREENS) console.error(`${columns}:\n${lines.join('\n')}`)
  return lines
}

const URLS = [
  'works.test:PORT',
  `udp://${LONG}:PORT/announce`,
  'udp://例え.test:PORT/ゲーム/announce',
  'refuses.test:PORT',
  'list.test:PORT',
  'ignores.test:PORT',
  'dead.test:PORT',
  'missing.test:PORT',
  'https://tracker.test/announce'
].join(' ')

describe('check', { skip }, () => {
  const SCREENS = {
    40: `
TRACKER         IP  CONNECT  RESULT
dead.te…:55555  v4  no answer
https://track…      not UDP (https)
ignores…:55555  v4      0.0  no scrape
list.te…:55555  v4      0.0  refuses
missing…:55555      no such host
refuses…:55555  v4      0.0  refuses
tracker…:55555  v4      0.0  works
works.t…:55555  v4      0.0  works
例え.te…:55555  v4      0.0  works

9 trackers: 3 work, 1 does not scrape,
2 refuse, 2 failed, 1 skipped; times in
ms
6 of 8 alive; fastest …
`,
    80: `
TRACKER                   IP  CONNECT            ANNOUNCE  RESULT
dead.test:55555           v4  no answer
https://tracker.test/an…      not UDP (https)
ignores.test:55555        v4      0.0  █              0.0  no scrape
list.test:55555           v4      0.0  █              0.0  refuses this torrent
missing.test:55555            no such host
refuses.test:55555        v4      0.0  █              0.0  refuses: unregister…
tracker.of-a-rath…:55555  v4      0.0  █              0.0  works
works.test:55555          v4      0.0  █              0.0  works
例え.test:55555/ゲーム    v4      0.0  █              0.0  works

9 trackers: 3 work, 1 does not scrape, 2 refuse, 2 failed, 1 skipped; times in
ms
6 of 8 alive; fastest …
`,
    100: `
TRACKER                     IP  LOOK-UP  CONNECT            ANNOUNCE   SCRAPE  RESULT
dead.test:55555             v4  no answer
https://tracker.test/anno…      not UDP (https)
ignores.test:55555          v4      0.0      0.0  █              0.0        -  no scrape
list.test:55555             v4      0.0      0.0  █              0.0      0.0  refuses this torrent
missing.test:55555              no such host
refuses.test:55555          v4      0.0      0.0  █              0.0      0.0  refuses: unregister…
tracker.of-a-rather…:55555  v4      0.0      0.0  █              0.0      0.0  works
works.test:55555            v4      0.0      0.0  █              0.0      0.0  works
例え.test:55555/ゲーム      v4      0.0      0.0  █              0.0      0.0  works

9 trackers: 3 work, 1 does not scrape, 2 refuse, 2 failed, 1 skipped; times in ms
6 of 8 alive; fastest …
`,
    160: `
TRACKER                                          IP  LOOK-UP  CONNECT            ANNOUNCE   SCRAPE  RESULT
dead.test:55555                                  v4  no answer
https://tracker.test/announce                        not UDP (https)
ignores.test:55555                               v4      0.0      0.0  █              0.0        -  no scrape
list.test:55555                                  v4      0.0      0.0  █              0.0      0.0  does not serve this torrent, try --info-hash
missing.test:55555                                   no such host
refuses.test:55555                               v4      0.0      0.0  █              0.0      0.0  refuses: unregistered torrent, sorry
tracker.of-a-rather-long-name.example.org:55555  v4      0.0      0.0  █              0.0      0.0  works
works.test:55555                                 v4      0.0      0.0  █              0.0      0.0  works
例え.test:55555/ゲーム                           v4      0.0      0.0  █              0.0      0.0  works

9 trackers: 3 work, 1 does not scrape, 2 refuse, 2 failed, 1 skipped; times in ms
6 of 8 alive; fastest …
`
  }
  for (const [columns, screen] of Object.entries(SCREENS)) {
    test(`in ${columns} columns`, async (t) => {
      const lines = await screenOf(
        t,
        `$TRACKER check ${URLS} --timeout 1 --sort name`,
        Number(columns)
      )
      assert.deepEqual(lines, screen.trim().split('\n'))
    })
  }
})

describe('ping', { skip }, () => {
  const SCREENS = {
    40: `
TRACKER          LOSS  MEDIAN
works.te…:55555    0%     0.0  ███
tracker.…:55555    0%     0.0  ███
dead.test:55555  100%  no answer
`,
    80: `
TRACKER            SENT  LOSS    LAST     MIN  MEDIAN     P95     MAX
works.test:55555      3    0%     0.0     0.0     0.0     0.0     0.0  ███
tracker.o…:55555      3    0%     0.0     0.0     0.0     0.0     0.0  ███
dead.test:55555       3  100%  no answer
`,
    100: `
TRACKER                        SENT  LOSS    LAST     MIN  MEDIAN     P95     P99     MAX
works.test:55555                  3    0%     0.0     0.0     0.0     0.0     0.0     0.0  ███
tracker.of-a-rather-l…:55555      3    0%     0.0     0.0     0.0     0.0     0.0     0.0  ███
dead.test:55555                   3  100%  no answer
`,
    160: `
TRACKER                                           SENT  LOSS    LAST     MIN  MEDIAN     P95     P99     MAX
works.test:55555                                     3    0%     0.0     0.0     0.0     0.0     0.0     0.0  ███
tracker.of-a-rather-long-name.example.org:55555      3    0%     0.0     0.0     0.0     0.0     0.0     0.0  ███
dead.test:55555                                      3  100%  no answer
`
  }
  for (const [columns, screen] of Object.entries(SCREENS)) {
    test(`in ${columns} columns`, async (t) => {
      const command = `$TRACKER ping works.test:PORT ${LONG}:PORT dead.test:PORT --count 3 --interval .2 --timeout .4`
      const lines = await screenOf(t, command, Number(columns))
      assert.deepEqual(lines, screen.trim().split('\n'))
    })
  }
})

describe('a ping of more targets than there are lines', { skip }, () => {
  // Whether each line of the screen is a whole one of the table, with these columns.
  const isTable = (columns, rows, most) => (lines) =>
    lines.length === rows &&
    lines.every((line) => line.length < most) &&
    columns.every((column) => lines[0].split(/ +/).includes(column)) &&
    lines.slice(1, -1).every((line) => /^127\.0\.0\.1:\d+ .*\d%/.test(line)) &&
    /^and \d+ more, of which \d+ answer$/.test(lines.at(-1))

  test('is clipped to the screen, and is whole again after each resize', async (t) => {
    const trackers = await Promise.all(Array.from({ length: 20 }, () => startScriptedTracker(t)))
    const urls = trackers.map(({ url }) => url).join(' ')
    const command = `$TRACKER ping ${urls} --interval .3`
    const terminal = await startInTmux(t, command, { columns: 110, rows: 14 })
    await terminal.seen(isTable(['SENT', 'P99', 'MAX'], 13, 110), 'no table in 110 columns')
    for (const [columns, rows, names, gone] of [
      [60, 14, ['LOSS', 'MEDIAN'], 'SENT'],
      [110, 14, ['SENT', 'P99', 'MAX']],
      [80, 8, ['SENT', 'MAX'], 'P99'],
      [40, 10, ['LOSS', 'MEDIAN'], 'P95']
    ]) {
      await terminal.resize(columns, rows)
      const fits = isTable(names, rows - 1, columns)
      const [header] = await terminal.seen(fits, `no whole table in ${columns} × ${rows}`)
      if (gone) assert.ok(!header.includes(gone), header)
    }
    await terminal.resize(100, 30)
    const all = await terminal.seen((lines) => lines.length === 21, 'not all of them')
    assert.ok(all.slice(1).every((line) => line.startsWith('127.0.0.1:')))
    await terminal.type('C-c')
    await terminal.ended
    assert.equal((await terminal.screen()).filter((line) => line.startsWith('TRACKER')).length, 1)
  })
})

describe('scrape', { skip }, () => {
  const SCREENS = {
    40: `
INFO-HASH      SEEDS   LEECHERS  FROM
abababab…      1,234         56
cdcdcdcd…          1          2  例え …

2 torrents in 0.0 s: 1,235 seeds, 58
leechers, 7,890,126 completed
`,
    80: `
INFO-HASH      SEEDS   LEECHERS    COMPLETED  FROM
abababab…      1,234         56    7,890,123
cdcdcdcd…          1          2            3  例え - A torrent with a name tha…

2 torrents in 0.0 s: 1,235 seeds, 58 leechers, 7,890,126 completed
`,
    100: `
INFO-HASH                                     SEEDS   LEECHERS    COMPLETED  FROM
abababababababababababababababababababab      1,234         56    7,890,123
cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd          1          2            3  例え - A torrent with…

2 torrents in 0.0 s: 1,235 seeds, 58 leechers, 7,890,126 completed
`,
    160: `
INFO-HASH                                     SEEDS   LEECHERS    COMPLETED  FROM
abababababababababababababababababababab      1,234         56    7,890,123
cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd          1          2            3  例え - A torrent with a name that is rather long, and then some

2 torrents in 0.0 s: 1,235 seeds, 58 leechers, 7,890,126 completed
`
  }
  const NAME = '例え - A torrent with a name that is rather long, and then some'
  const HASHES = ['ab'.repeat(20), `'magnet:?xt=urn:btih:${'cd'.repeat(20)}&dn=${NAME}'`]
  for (const [columns, screen] of Object.entries(SCREENS)) {
    test(`in ${columns} columns`, async (t) => {
      const tracker = await startScriptedTracker(t, {
        scrape: (request) =>
          wire.scrapeResponse(request, [
            { seeds: 1234, leechers: 56, completed: 7_890_123 },
            { seeds: 1, leechers: 2, completed: 3 }
          ])
      })
      const command = `$TRACKER scrape ${tracker.url} ${HASHES.join(' ')}`
      const lines = await screenOf(t, command, Number(columns))
      const withoutTime = lines.map((line) => line.replace(/ in \d+\.\d s:/, ' in 0.0 s:'))
      assert.deepEqual(withoutTime, screen.trim().split('\n'))
    })
  }
})

describe('announce', { skip }, () => {
  // Longer than 500 ms, after which it shows that it waits, and long enough for a second datagram.
  test('says what it waits for, and that it has retransmitted', async (t) => {
    const { port, env } = await startTrackers(t)
    const [file] = temporaryFiles(t, { 'a.torrent': 'd4:infodee' })
    const command = `$TRACKER announce dead.test:${port} ${file} --timeout 30`
    const terminal = await startInTmux(t, command.replace('dead.test', '127.0.0.8'), {
      columns: 40,
      env
    })
    const shows = (pattern) => (lines) => lines.some((line) => pattern.test(line))
    await terminal.seen(shows(/^connecting…/), 'it does not say that it connects')
    const again = shows(/^connecting…, sent again \(1\) {2}\d+ s$/)
    const screen = await terminal.seen(again, 'it sends once')
    assert.equal(screen.length, 1)
    await terminal.type('C-c')
  })

  test('is followed by a failure on a line of its own', async (t) => {
    const hash = 'ab'.repeat(20)
    assert.deepEqual(await screenOf(t, `$TRACKER announce 127.0.0.5:PORT ${hash}`, 40), [
      'bittorrent-udp-tracker announce:',
      'udp://127.0.0.5:55555: unregistered',
      'torrent, sorry'
    ])
  })
})
