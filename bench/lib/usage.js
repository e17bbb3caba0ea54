// What a process uses, as Linux tells it: CPU by thread, memory, file descriptors. Elsewhere the numbers are missing.
'use strict'

const fs = require('node:fs')

const ENGINE = 'bittorrent-udp'

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Nanoseconds of CPU of each thread of a process, by the thread's ID. */
function threads(pid) {
  const result = new Map()
  let ids = []
  try {
    ids = fs.readdirSync(`/proc/${pid}/task`)
  } catch {
    // Not Linux, or the process is gone.
  }
  for (const id of ids) {
    const name = read(`/proc/${pid}/task/${id}/comm`).trim()
    const nanoseconds = Number(read(`/proc/${pid}/task/${id}/schedstat`).split(' ')[0])
    result.set(Number(id), { name, nanoseconds })
  }
  return result
}

/** Nanoseconds of CPU between two looks at `threads`, by the thread's part: main, engine, others, and all. */
function spent(before, after, pid) {
  const parts = { main: 0, engine: 0, others: 0, all: 0 }
  for (const [id, { name, nanoseconds }] of after) {
    const used = nanoseconds - (before.has(id) ? before.get(id).nanoseconds : 0)
    const part = id === pid ? 'main' : name.startsWith(ENGINE) ? 'engine' : 'others'
    parts[part] += used
    parts.all += used
  }
  return parts
}

/** How many are open; all that may be when not even this look gets one. */
function fileDescriptors() {
  try {
    return fs.readdirSync('/proc/self/fd').length
  } catch (error) {
    return error.code === 'EMFILE' ? process.report.getReport().userLimits.open_files.soft : NaN
  }
}

/** Bytes in use after a collection of garbage; the child runs with --expose-gc. */
function memory() {
  global.gc()
  global.gc()
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage()
  return { rss, heap: heapUsed + external, native: rss - heapTotal - external }
}

/** Bytes for each of `count` between two looks at `memory`. */
function memoryEach(before, after, count) {
  const each = (name) => (after[name] - before[name]) / count
  return { rssEach: each('rss'), heapEach: each('heap'), nativeEach: each('native') }
}

const peakMemory = () => process.resourceUsage().maxRSS * 1024

module.exports = { fileDescriptors, memory, memoryEach, peakMemory, spent, threads }
