// The check of `npm run test:valgrind` itself: it finds what valgrind says of the addon, and nothing else.
'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const { readReport } = require('./memory/errors.js')

const frame = (obj, fn) =>
  `<frame><ip>0x1</ip><obj>${obj}</obj><fn>${fn}</fn><file>a.rs</file><line>7</line></frame>`
const error = (kind, ...frames) =>
  `<error><kind>${kind}</kind><what>it is wrong</what><stack>${frames.join('')}</stack></error>`
const report = (...errors) => `<valgrindoutput>${errors.join('')}</valgrindoutput>`

test('an error with the addon anywhere in its stack is found and says where', () => {
  const xml = report(
    error('UninitValue', frame('/usr/bin/node', 'v8::x')),
    error(
      'InvalidRead',
      frame('/lib/libc.so.6', 'memcpy'),
      frame('/x/addon.node', 'submit'),
      frame('/usr/bin/node', 'y')
    )
  )
  assert.deepEqual(readReport(xml, 'addon.node'), {
    ours: ['InvalidRead: it is wrong\n    at submit a.rs:7'],
    others: 1
  })
})

test('a leak counts, although its text is in another element', () => {
  const leak = `<error><kind>Leak_DefinitelyLost</kind><xwhat><text>8 bytes are lost</text></xwhat>${frame('/x/addon.node', 'f')}</error>`
  assert.deepEqual(readReport(report(leak), 'addon.node').ours, [
    'Leak_DefinitelyLost: 8 bytes are lost\n    at f a.rs:7'
  ])
})

test('a report that is cut off is an error', () => {
  assert.throws(() => readReport('<valgrindoutput>', 'addon.node'), /did not finish/)
})
