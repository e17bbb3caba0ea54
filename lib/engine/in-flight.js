// The requests in flight, by the numbers that the engine knows them by. A Map would do, but each time one rehashes it
// promotes whatever dead trackers it still names: at 100,000 announces a second that costs as much as all the rest.
'use strict'

const INDEX_BITS = 24
const MOST = 2 ** INDEX_BITS
const INDEX_MASK = MOST - 1
const GENERATION_MASK = 2 ** (32 - INDEX_BITS) - 1

// Slots rest before they are used again, so that a number comes back only after a million others.
const RESTING = 4096

/** A table whose numbers name a slot and how often it has been used, so that what was removed is not found again. */
class InFlight {
  constructor() {
    // A slot holds a request, or the number of the next free slot.
    this.slots = []
    this.generations = []
    this.firstFree = -1
    this.lastFree = -1
    this.size = 0
  }

  /** Takes a request in and returns its number, a whole number below 2^32. */
  add(request) {
    const { slots } = this
    let index = slots.length
    if (index - this.size > RESTING) {
      index = this.firstFree
      this.firstFree = slots[index]
      slots[index] = request
    } else if (index < MOST) {
      slots.push(request)
      this.generations.push(0)
    } else {
      throw new RangeError(`more than ${MOST} requests in flight`)
    }
    this.size++
    return ((this.generations[index] << INDEX_BITS) | index) >>> 0
  }

  /** The request of this number, or `undefined` if it has been removed. */
  get(number) {
    const index = number & INDEX_MASK
    return this.generations[index] === number >>> INDEX_BITS ? this.slots[index] : undefined
  }

  /** Removes the request of a number that `get` knows. */
  remove(number) {
    const index = number & INDEX_MASK
    this.generations[index] = (this.generations[index] + 1) & GENERATION_MASK
    this.slots[index] = -1
    if (this.firstFree === -1) this.firstFree = index
    else this.slots[this.lastFree] = index
    this.lastFree = index
    this.size--
  }

  /** Every request. */
  all() {
    return this.slots.filter((slot) => typeof slot === 'object')
  }
}

module.exports = InFlight
