// Preloaded: a machine that the addon is not built for.
'use strict'

process.dlopen = () => {
  throw new Error('there is no addon for this machine')
}
