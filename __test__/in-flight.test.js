// The table of requests in flight, by itself.
'use strict'

const assert = require('node:assert/strict')
const { describe, it } = require('node:test')

const InFlight = require('../lib/engine/in-flight.js')

function added(table) {
  const request = { number: 0 }
  request.number = table.add(request)
  return request
}

describe('the table of requests in flight', () => {
  it('finds each request by its number until it is removed', () => {
    const table = new InFlight()
    const requests = Array.from({ length: 10_000 }, () => added(table))
    assert.equal(new Set(requests.map((request) => request.number)).size, 10_000)
    for (const request of requests) assert.equal(table.get(request.number), request)
    for (const request of requests.filter((_, i) => i % 2)) table.remove(request.number)
    assert.equal(table.size, 5000)
    for (const [i, request] of requests.entries()) {
      assert.equal(table.get(request.number), i % 2 ? undefined : request)
    }
  })

  it('does not give out a number again before a million others', () => {
    const table = new InFlight()
    const kept = added(table)
    const numbers = new Set()
    for (let i = 0; i < 1_000_000; i++) {
      const { number } = added(table)
      numbers.add(number)
      table.remove(number)
    }
    assert.equal(numbers.size, 1_000_000)
    assert.equal(table.get(kept.number), kept)
  })

  it('uses no more slots than there were requests at once, and the few that rest', () => {
    const table = new InFlight()
    for (let round = 0; round < 100; round++) {
      const requests = Array.from({ length: 1000 }, () => added(table))
      for (const request of requests) table.remove(request.number)
    }
    assert.ok(table.slots.length <= 1000 + 4097, `${table.slots.length} slots`)
  })

  it('lists all that is in it', () => {
    const table = new InFlight()
    const requests = Array.from({ length: 100 }, () => added(table))
    table.remove(requests.shift().number)
    assert.deepEqual(new Set(table.all()), new Set(requests))
    for (const request of requests) table.remove(request.number)
    assert.deepEqual(table.all(), [])
  })

  it('does not know a number that it never gave out', () => {
    const table = new InFlight()
    for (const number of [0, 1, 2 ** 24, 2 ** 32 - 1]) assert.equal(table.get(number), undefined)
    added(table)
    assert.equal(table.get(2 ** 24), undefined)
  })
})
