// Preloaded in Deno, which forgets the `t.after` of a test within `describe`: what it starts would go on in the tests behind it.
'use strict'

const runner = require('node:test')

const { test } = runner

function withAfter(body) {
  return async (t) => {
    const hooks = []
    t.after = (hook) => void hooks.push(hook)
    try {
      await body(t)
    } finally {
      for (const hook of hooks) await hook()
    }
  }
}

runner.test = (...args) =>
  test(...args.map((one) => (typeof one === 'function' ? withAfter(one) : one)))
