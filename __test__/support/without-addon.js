// Preloaded: a machine that the addon is not built for, and that has no WebAssembly either.
'use strict'

delete globalThis.WebAssembly

process.dlopen = () => {
  throw new Error('there is no addon for this machine')
}
