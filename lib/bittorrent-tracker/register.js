// `node --import bittorrent-udp-tracker/register app.js`: whatever loads bittorrent-tracker from here on, in whichever copy
// and by `import` or `require`, gets ours for `udp:` trackers. Where that cannot be, it says so once.
'use strict'

const fs = require('node:fs')
const Module = require('node:module')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { debuglog } = require('node:util')

const addon = require('../engine/addon.js')
const { replacement } = require('./replacement.js')
const replaceInVm = require('./vm-loaders.js')

const reason = obstacle()
if (reason === null) install()
else process.emitWarning(`bittorrent-tracker is left as it is: ${reason.message}`, reason)

function install() {
  if (process.versions.bun === undefined) installInNode()
  else installInBun()
  replaceInVm()
  debuglog('bittorrent-udp-tracker')('register is active')
}

function installInNode() {
  // Whoever else reads and transforms CommonJS, as tsx does, ends here.
  const compile = Module.prototype._compile
  Module.prototype._compile = function (content, file, ...rest) {
    const ours = replacement(file)
    const isOurs = ours !== null && ours.format === 'commonjs'
    return compile.call(this, isOurs ? ours.source : content, file, ...rest)
  }
  if (typeof Module.registerHooks === 'function') {
    // For both kinds of modules, from Node.js 22.15 on.
    Module.registerHooks({
      load(url, context, nextLoad) {
        const ours = replacement(url)
        return ours === null ? nextLoad(url, context) : { ...ours, shortCircuit: true }
      }
    })
  } else if (typeof Module.register === 'function') {
    Module.register('./hooks.mjs', pathToFileURL(__filename))
  } else {
    throw new Error(
      `bittorrent-udp-tracker/register needs Node.js 18.19, 20.6 or later, this is ${process.version}`
    )
  }
}

// Bun asks nobody about what is imported, but plugins, which would have to give all other files of these names as well.
function installInBun() {
  const load = Module._extensions['.js']
  Module._extensions['.js'] = function (module, file) {
    const ours = replacement(file)
    if (ours === null || ours.format !== 'commonjs') return load.apply(this, arguments)
    module._compile(ours.source, file)
  }
  const message =
    'on Bun, register replaces what is required, and nothing that is imported: use patch'
  process.emitWarning(message, { code: 'BITTORRENT_UDP_TRACKER_BUN' })
}

// Why nothing can be replaced: `{message, code}`, or `null`.
function obstacle() {
  // A bundler has taken the modules out of their files, those of bittorrent-tracker among them.
  if (typeof __filename === 'undefined' || !isFile(path.join(__dirname, 'replacement.js'))) {
    const message = 'bittorrent-udp-tracker/register is part of a bundle; use patch'
    return { message, code: 'BITTORRENT_UDP_TRACKER_BUNDLE' }
  }
  try {
    addon.load()
    return null
  } catch (error) {
    // Its own trackers work, where ours would not.
    if (error.code !== 'ERR_NO_ADDON') throw error
    return { message: error.message, code: error.code }
  }
}

function isFile(file) {
  return path.isAbsolute(file) && fs.existsSync(file)
}
