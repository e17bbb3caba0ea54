// Announces at once through a network that takes so many and drops the rest: what share of it is used, and what that
// costs in datagrams.
'use strict'

const { infoHashes, load } = require('../lib/implementations.js')
const { METRICS, lossText, requestAll } = require('../lib/network.js')

const COUNT = 10000
const ROUND_TRIP = 50
const IN_FLIGHT = 100
const RATE = 500
const QUEUE = 50
const LIMIT = 40

async function measure(implementation, { url, count, capacity }) {
  const { announce } = await load(implementation)
  const hashes = infoHashes(count)
  const request = (index, done) => announce(url, hashes[index], done)
  const result = await requestAll(request, { count, limit: LIMIT })
  result.capacity = result.rate / capacity
  return result
}

// Answers a second that come through at best. A place is taken for a round trip, or for half of it when the answer is
// lost; what is lost on the way up takes none.
function ofPlaces(loss) {
  const lost = loss / 100
  return ((IN_FLIGHT * 1000) / ROUND_TRIP / (1 - lost / 2)) * (1 - lost)
}

const ofRate = (loss) => RATE * (1 - loss / 100)

const variant = (title, capacityOf, network, loss) => ({
  title: `${title}, ${lossText(loss)}`,
  options: { count: COUNT, capacity: capacityOf(loss) },
  network: { roundTrip: ROUND_TRIP, loss, ...network },
  exchanges: COUNT + 1,
  implementations: ['ours'],
  goals: { answered: { least: 100 }, capacity: { least: 0.9 }, overhead: { limit: 1.3 } }
})

module.exports = {
  title: '10,000 announces at once through a bottleneck, 50 ms',
  tracker: null,
  overview: { what: '10,000 announces' },
  variants: [
    ...[0, 5, 10].map((loss) =>
      variant('drops above 100 in flight', ofPlaces, { inFlight: IN_FLIGHT }, loss)
    ),
    ...[0, 10].map((loss) =>
      variant('500/s with a queue of 50', ofRate, { rate: RATE, queue: QUEUE }, loss)
    )
  ],
  metrics: [
    METRICS.answered,
    { key: 'capacity', title: 'share of its capacity while 9,000 are answered', digits: 2 },
    METRICS.last,
    METRICS.sentEach,
    METRICS.overhead
  ],
  measure
}
