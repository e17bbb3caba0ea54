// A worker with the only copy of the addon is terminated while a look-up hangs; the look-up ends when the worker is gone.
'use strict'

const fs = require('node:fs')
const { Worker } = require('node:worker_threads')
const { run, useOwnResolver } = require('../support/fault.js')
const { startDnsServer } = require('../support/dns-server.js')
const { PRELUDE, ROOT } = require('../support/child.js')

const threads = () => fs.readdirSync('/proc/self/task').length

run(async (t) => {
  process.env.PACKAGE_ROOT = ROOT
  useOwnResolver('timeout:30 attempts:2')
  let answer = 'hang'
  const server = await startDnsServer(t, () => answer)
  const worker = new Worker(
    `${PRELUDE} for (let i = 0; i < 10; i++) create('udp://dead' + i + '.example:6969').announce(2)`,
    { eval: true }
  )
  for (let i = 0; i < 10; i++) await server.asked(`dead${i}.example`)
  const withWorker = threads()
  await worker.terminate()

  answer = 'fail'
  server.release()
  // The worker's own thread, the engine's and the ten look-ups'.
  while (threads() > withWorker - 12) {
    server.release()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
})
