// What Module.register loads, on a thread of its own: the ES modules of register.js where there is no registerHooks.

import modules from './replacement.js'

export async function load(url, context, nextLoad) {
  const ours = modules.replacement(url)
  // CommonJS goes through Module._extensions on the main thread.
  if (ours === null || ours.format !== 'module') return nextLoad(url, context)
  return { ...ours, shortCircuit: true }
}
