// Stands in for a package the registry no longer has: a number as four bytes, big-endian.
'use strict'

exports.toUInt32Sync = function toUInt32Sync(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
