// The progress bar of the command line, in a terminal.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const {
  printed,
  startInTerminal,
  withoutTerminal,
  temporaryFiles
} = require('./support/command-line.js')
const { Progress, waitingFor } = require('../cli/output/progress.js')
const { A_REQUEST, hashes, startHeldTracker } = require('./support/scrape-tracker.js')

const NAME = 'bittorrent-udp-tracker scrape'
const STYLE = new RegExp(`${'\x1b'}\\[\\d+m`, 'g')

describe('the progress bar', { skip: withoutTerminal }, () => {
  const list = hashes(2 * A_REQUEST)
  const held = (t, command, env) => {
    const [file] = temporaryFiles(t, { list: list.join('\n') })
    return startHeldTracker(
      t,
      ({ url }) =>
        startInTerminal(t, command.replace('SCRAPE', `$TRACKER scrape ${url} --file ${file}`), env),
      2
    )
  }
  const BAR = /\[#{10}-{10}\] {2}50% {2}60 of 120 torrents/

  test('shows how far a long scrape is, and leaves nothing behind', async (t) => {
    const { child, answer } = await held(t, 'SCRAPE --json > /dev/null')
    await answer(0)
    await printed(child, BAR)
    await answer(1)
    assert.equal(await child.exit(), 0)
    assert.ok(child.stdout.endsWith('\r\x1b[2K'), JSON.stringify(child.stdout))
  })

  test('gives way to the table on the same terminal', async (t) => {
    const { child, answer } = await held(t, 'SCRAPE')
    await printed(child, /\[-{20}\] {3}0% {2}0 of 120 torrents {2}scraping…/)
    await answer(0)
    await printed(child, BAR)
    await answer(1)
    assert.equal(await child.exit(), 0)
    assert.deepEqual(
      onScreen(child.stdout).map((line) => line.split(' ')[0]),
      ['INFO-HASH', ...list, '', '120', '']
    )
  })

  test('is erased when Ctrl-C is typed', async (t) => {
    const { child, answer } = await held(t, 'trap : INT; SCRAPE; echo code $?')
    await answer(0)
    await printed(child, BAR)
    // It reaches the shell as well, which would end with it, were it not for its trap.
    child.type('\x03')
    await child.exit()
    const lines = onScreen(child.stdout)
    assert.ok(
      lines.includes(`${NAME}: interrupted, 60 of 120 info-hashes answered`),
      lines.join('\n')
    )
    assert.ok(!lines.some((line) => BAR.test(line)))
    assert.equal(lines.at(-2), 'code 130')
  })

  test('is not shown unless it is on a terminal', async (t) => {
    const [errors] = temporaryFiles(t, { errors: '' })
    const { child, answer } = await held(t, `SCRAPE 2> ${errors}`)
    await answer(0)
    await printed(child, new RegExp(`${list[A_REQUEST - 1]}`))
    await answer(1)
    assert.equal(await child.exit(), 0)
    assert.equal(fs.readFileSync(errors, 'utf8'), '')
  })

  // What is left to see once lines are erased and styles are gone.
  const onScreen = (text) =>
    text
      .replaceAll(STYLE, '')
      .split('\r\n')
      .map((line) => line.split('\r\x1b[2K').pop())
})

describe('the line', () => {
  // An output that keeps what it shows.
  const outputs = (columns) => {
    const shown = []
    const stderr = {
      canErase: true,
      columns,
      onLines() {},
      erase() {},
      transient: (text) => shown.push(text)
    }
    return { shown, outputs: { stdout: stderr, stderr } }
  }

  test('has rate and time left for a long scrape', () => {
    const { shown, outputs: both } = outputs(100)
    const progress = new Progress(both, { total: 100_000, unit: 'torrents' })
    progress.samples = [[performance.now() - 2000, 0]]
    progress.done = 50_000
    progress.draw()
    progress.end()
    assert.match(
      shown[0],
      /^\[#{10}-{10}\] {2}50% {2}50,000 of 100,000 torrents {2}[\d,]+\/s {2}[\d.]+ s left$/
    )
  })

  test('has no rate after a handful of results', () => {
    const { shown, outputs: both } = outputs(100)
    const progress = new Progress(both, {
      total: 4,
      unit: 'trackers',
      what: () => waitingFor(['a', 'b'], 'tracker')
    })
    progress.samples = [[performance.now() - 2000, 0]]
    progress.done = 2
    progress.draw()
    progress.end()
    assert.equal(
      shown[0],
      '[##########----------]  50%  2 of 4 trackers  waiting for 2 trackers: a, b'
    )
  })
})
