'use strict'

// `node --import bittorrent-udp-tracker/register app.js`: whatever loads bittorrent-tracker from here on, in whichever copy
// and by `import` or `require`, gets ours for `udp:` trackers.

const Module = require('module')
const { fileURLToPath, pathToFileURL } = require('url')

const addon = require('../engine/addon.js')
const replacement = require('./replacement.js')

try {
  addon.load()
  install()
} catch (error) {
  // Its own trackers work, where ours would not.
  if (error.code !== 'ERR_NO_ADDON') throw error
  process.emitWarning(`bittorrent-tracker is left as it is: ${error.message}`, { code: error.code })
}

function install() {
  if (typeof Module.registerHooks === 'function') {
    // For both kinds of modules, from Node.js 22.15 on.
    Module.registerHooks({
      load(url, context, nextLoad) {
        const ours = url.startsWith('file:') ? replacement(fileURLToPath(url)) : null
        return ours === null ? nextLoad(url, context) : { ...ours, shortCircuit: true }
      }
    })
  } else {
    if (typeof Module.register !== 'function') {
      throw new Error(
        `bittorrent-udp-tracker/register needs Node.js 18.19, 20.6 or later, this is ${process.version}`
      )
    }
    Module.register('./hooks.mjs', pathToFileURL(__filename))
    const load = Module._extensions['.js']
    Module._extensions['.js'] = function (module, file) {
      const ours = replacement(file)
      if (ours === null || ours.format !== 'commonjs') return load.apply(this, arguments)
      module._compile(ours.source, file)
    }
  }
}
