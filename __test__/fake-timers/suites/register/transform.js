'use strict'

module.exports = { process: (source) => ({ code: source.replaceAll('\n', '\r\n') }) }
