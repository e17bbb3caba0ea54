// Any number of info-hashes in 20 bytes each, with a name for those that have one.
'use strict'

const LENGTH = 20
const A_BLOCK = 65_536

class HashList {
  constructor() {
    this.blocks = []
    this.length = 0
    this.names = new Map()
  }

  /** `infoHash` is 40 digits of hex, `name` a text or `null`. */
  add(infoHash, name = null) {
    const slot = this.length % A_BLOCK
    if (slot === 0) this.blocks.push(Buffer.allocUnsafeSlow(A_BLOCK * LENGTH))
    this.blocks[this.blocks.length - 1].hexWrite(infoHash, slot * LENGTH, LENGTH)
    if (name !== null) this.names.set(this.length, name)
    this.length++
  }

  /** The bytes of one, which stay the list's. */
  at(index) {
    const start = (index % A_BLOCK) * LENGTH
    return this.blocks[Math.floor(index / A_BLOCK)].subarray(start, start + LENGTH)
  }

  hexAt(index) {
    return this.at(index).toString('hex')
  }

  /** The name of one, or `null`. */
  nameAt(index) {
    return this.names.get(index) ?? null
  }

  /** The bytes of each. */
  *all() {
    for (let index = 0; index < this.length; index++) yield this.at(index)
  }
}

module.exports = HashList
