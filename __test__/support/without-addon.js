// Preloaded: a machine that the addon is not built for.
'use strict'

const Module = require('node:module')

const load = Module._load
Module._load = function (request, ...rest) {
  if (/binding\.js$/.test(request)) throw new Error('there is no addon for this machine')
  return load.call(this, request, ...rest)
}
