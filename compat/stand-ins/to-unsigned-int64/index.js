// Stands in for a package the registry no longer has: a number or BigInt below 2^64 as eight
// bytes, big-endian.
'use strict'

module.exports = function toUInt64(value) {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}
