// What Module.register loads, on a thread of its own: the ES modules of register.js where there is no registerHooks.

import { fileURLToPath } from 'node:url'

import modules from './replacement.js'

export async function load(url, context, nextLoad) {
  const ours = url.startsWith('file:') ? modules.replacement(fileURLToPath(url)) : null
  // CommonJS goes through Module._extensions on the main thread.
  if (ours === null || ours.format !== 'module') return nextLoad(url, context)
  return { ...ours, shortCircuit: true }
}
