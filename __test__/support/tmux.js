// A real terminal of any size, which tmux draws: what a person would see.
'use strict'

const { execFile } = require('node:child_process')
const { randomBytes } = require('node:crypto')
const { setTimeout: sleep } = require('node:timers/promises')
const { promisify } = require('node:util')
const { ROOT } = require('./child.js')
const { PROGRAM } = require('./command-line.js')
const { deadline } = require('./deadline.js')
const { needs } = require('./needs.js')

const run = promisify(execFile)

// For the `skip` option of a test.
const withoutTmux = needs('tmux')

/**
 * Runs a command of the shell, `$TRACKER` being the command line, in a terminal of `columns` and `rows`. `screen()` has
 * the lines that are seen, without blanks at their ends; `ended` resolves when the command has ended.
 */
async function startInTmux(t, command, { columns, rows = 40, env }) {
  // A server of its own: it has this environment, and nobody's settings.
  const tmux = ['-L', `test-${randomBytes(6).toString('hex')}`, '-f', '/dev/null']
  const shell = `${command}; tmux ${tmux.join(' ')} wait-for -S ended; cat`
  const size = ['-x', String(columns), '-y', String(rows)]
  const own = { LC_ALL: 'C.UTF-8', TRACKER: `${process.execPath} ${PROGRAM}` }
  await run('tmux', [...tmux, 'new-session', '-d', '-s', 'test', ...size, shell], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, ...own, ...env }
  })
  t.after(() => run('tmux', [...tmux, 'kill-server']).catch(() => {}))
  const ended = deadline(
    run('tmux', [...tmux, 'wait-for', 'ended']),
    `${command} did not end`,
    30_000
  )
  ended.catch(() => {})
  return {
    ended,
    type: (keys) => run('tmux', [...tmux, 'send-keys', '-t', 'test', keys]),
    resize: (columns, rows) =>
      run('tmux', [
        ...tmux,
        'resize-window',
        '-t',
        'test',
        '-x',
        String(columns),
        '-y',
        String(rows)
      ]),
    /** The first screen that fits. */
    async seen(fits, what) {
      const look = async () => {
        for (;;) {
          const lines = await this.screen()
          if (fits(lines)) return lines
          await sleep(50)
        }
      }
      return deadline(look(), what, 20_000)
    },
    async screen() {
      const { stdout } = await run('tmux', [...tmux, 'capture-pane', '-p', '-t', 'test'])
      return stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.trimEnd())
    }
  }
}

module.exports = { withoutTmux, startInTmux }
