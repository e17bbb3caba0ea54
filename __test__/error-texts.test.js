// Errors are types and codes until a person reads them: no source of the engine looks into a text for what went wrong. (For
// JavaScript, eslint.config.js has the rule.)
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('./support/child.js')

// What takes an error's text apart: the standard library's number in it, or a comparison with what it is written as.
const LOOKS = [
  /"\(os error/,
  /\berr(?:or)?\.to_string\(\)\s*\.(?:contains|starts_with|ends_with|strip_prefix|split|rsplit)/,
  /\berr(?:or)?\.to_string\(\)\s*[!=]=/,
  /\breason\.(?:contains|starts_with|ends_with|strip_prefix|split|rsplit)/
]

// The sources without their tests, which stand last in a file.
function sources(folder) {
  return fs.readdirSync(folder, { recursive: true }).flatMap((name) => {
    const file = path.join(folder, name)
    if (!file.endsWith('.rs')) return []
    const [text] = fs.readFileSync(file, 'utf8').split('#[cfg(test)]\nmod ')
    return [[name, text]]
  })
}

test('nothing in src looks into the text of an error', () => {
  const all = sources(path.join(ROOT, 'src'))
  assert.ok(all.length > 40)
  for (const [name, text] of all) {
    for (const look of LOOKS) assert.doesNotMatch(text, look, name)
  }
})
