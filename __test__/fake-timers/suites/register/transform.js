// A transform of Jest that changes each file, and nothing that it does.
'use strict'

module.exports = { process: (source) => ({ code: source.replaceAll('\n', '\r\n') }) }
