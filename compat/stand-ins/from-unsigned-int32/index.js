// Stands in for a package the registry no longer has: four bytes, big-endian, as a number.
'use strict'

exports.fromUInt32Sync = function fromUInt32Sync(buffer, offset = 0) {
  return buffer.readUInt32BE(offset)
}
