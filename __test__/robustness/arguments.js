// Options of the runners: `--in-flight 1000` on the command line is `inFlight` with a number.
'use strict'

/** `defaults` with what the command line says otherwise. */
function options(defaults, args = process.argv.slice(2)) {
  const chosen = { ...defaults }
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].replace(/^--/, '').replace(/-(.)/g, (_, letter) => letter.toUpperCase())
    const value = Number(args[i + 1])
    if (!(name in defaults) || !Number.isFinite(value)) {
      throw new Error(`unknown or without a number: ${args[i]}; known are ${Object.keys(defaults)}`)
    }
    chosen[name] = value
  }
  return chosen
}

module.exports = { options }
